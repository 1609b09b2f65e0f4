{
  "target_defaults": {
    "cflags_cc": [
      "-std=c++20", "-fno-exceptions", "-fvisibility=hidden", "-Wall", "-Wextra",
      "-Wshadow", "-Wconversion", "-Werror"
    ],
    "cflags_cc!": ["-std=gnu++17", "-fexceptions"],
    "cflags": ["-fvisibility=hidden"],
    # A runtime unloads an addon with the last of its environments. Signal handlers stay, and numbers
    # that no loop of the process has twice need somebody who remembers them.
    "ldflags": ["-Wl,-z,nodelete"],
    "include_dirs": ["native"],
    "defines": [
      "NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_DEPRECATED",
      "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
      "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
    ]
  },
  "targets": [
    {
      "target_name": "coroipc",
      "sources": ["<!@(node scripts/native-sources.mjs sys ring wire server client js)"],
      "cflags_cc": ["-isystem <!(node -p \"path.resolve(require('node-addon-api').include_dir)\")"]
    },
    {
      "target_name": "coroipc_libuv",
      "sources": ["<!@(node scripts/native-sources.mjs libuv)"],
      "cflags_cc": ["-isystem <!(node -p \"path.resolve(require('node-addon-api').include_dir)\")"]
    },
    {
      "target_name": "coroipc_epoll",
      "sources": ["<!@(node scripts/native-sources.mjs epoll sys)"],
      "cflags_cc": ["-isystem <!(node -p \"path.resolve(require('node-addon-api').include_dir)\")"]
    },
    {
      "target_name": "coroipc_test_descriptors",
      "sources": ["native/test/descriptors.cc"]
    },
    {
      "target_name": "coroipc_test_ends",
      "sources": ["native/test/ends.cc", "<!@(node scripts/native-sources.mjs sys wire/native)"],
      "cflags_cc": ["-isystem <!(node -p \"path.resolve(require('node-addon-api').include_dir)\")"]
    }
  ]
}
