// The functions of NativeAddon, by what they have to do with.
#pragma once

#include <napi.h>

namespace coroipc::js {

void export_server_functions(Napi::Env env, Napi::Object exports);
void export_client_functions(Napi::Env env, Napi::Object exports);
void export_client_stream_functions(Napi::Env env, Napi::Object exports);
void export_ring_functions(Napi::Env env, Napi::Object exports);
void export_buffer_functions(Napi::Env env, Napi::Object exports);

}  // namespace coroipc::js
