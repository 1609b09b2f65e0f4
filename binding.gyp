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
    # What more than one addon is made of, compiled once.
    {
      "target_name": "coroipc_shared",
      "type": "static_library",
      "sources": ["<!@(node scripts/native-sources.mjs sys wire/native)"]
    },
    {
      "target_name": "coroipc",
      "dependencies": ["coroipc_shared"],
      "sources": ["<!@(node scripts/native-sources.mjs ring wire/classic server client js)"],
      "cflags_cc": ["-isystem <!(node -p \"path.resolve(require('node-addon-api').include_dir)\")"]
    },
    {
      "target_name": "coroipc_libuv",
      "sources": ["<!@(node scripts/native-sources.mjs libuv)"],
      "cflags_cc": ["-isystem <!(node -p \"path.resolve(require('node-addon-api').include_dir)\")"]
    },
    {
      "target_name": "coroipc_epoll",
      "dependencies": ["coroipc_shared"],
      "sources": ["<!@(node scripts/native-sources.mjs epoll)"],
      "cflags_cc": ["-isystem <!(node -p \"path.resolve(require('node-addon-api').include_dir)\")"]
    },
    {
      "target_name": "coroipc_test_descriptors",
      "sources": ["native/test/descriptors.cc"]
    },
    {
      "target_name": "coroipc_test_ends",
      "dependencies": ["coroipc_shared"],
      "sources": ["native/test/ends.cc"],
      "cflags_cc": ["-isystem <!(node -p \"path.resolve(require('node-addon-api').include_dir)\")"]
    }
  ]
}
