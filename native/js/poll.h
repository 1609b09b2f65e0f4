// poll(2) for JavaScript: what a loop written by hand stands on.
#pragma once

#include <napi.h>

namespace coroipc::js {

// Defines poll(fds, timeoutMs): see NativeAddon in packages/core/src/native.ts.
void export_poll(Napi::Env env, Napi::Object exports);

}  // namespace coroipc::js
