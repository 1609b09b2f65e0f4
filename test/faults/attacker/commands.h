// A peer on strings: it knows no wire and keeps no rule, it does with sockets, descriptors and
// memory what each line of its input says. The wires are encoded by who writes the lines, see
// ../raw.ts.
#pragma once

#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace attacker {

using Words = std::vector<std::string>;
// What a line is answered with: a result, or "error NAME".
using Command = std::function<std::string(const Words&)>;
using Commands = std::map<std::string, Command>;

void add_socket_commands(Commands& commands);
void add_file_commands(Commands& commands);
void add_memory_commands(Commands& commands);

inline long long number(const std::string& word) { return std::stoll(word, nullptr, 0); }
inline int descriptor(const std::string& word) { return static_cast<int>(number(word)); }

// "error EINVAL" of a call that failed.
std::string failed();
// A descriptor or another result that is not negative; else what failed.
std::string outcome(long long result);

std::string to_hex(const std::string& bytes);
std::string from_hex(const std::string& text);

}  // namespace attacker
