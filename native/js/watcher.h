// The default poll adapter's native half: watchers whose thread wakes JavaScript. For hosts whose
// loop is not known; the adapters for a loop do without a thread.
//
// Everything exported runs on the environment's JavaScript thread. What `onReady` throws becomes an
// uncaught exception, and the other ready watches are still served. A watcher ends, and its thread
// with it, in `watcherClose` or in the environment's clean-up.
#pragma once

#include <napi.h>

namespace coroipc::js {

// Defines watcherOpen, watcherAdd, watcherModify, watcherRemove, watcherRef and watcherClose.
void export_watcher(Napi::Env env, Napi::Object exports);

}  // namespace coroipc::js
