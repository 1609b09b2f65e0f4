// Reads a line, does it, writes a line: COMMAND ARGUMENT... Ends with its input.
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <iostream>
#include <sstream>

#include "commands.h"

namespace attacker {

std::string failed() { return std::string("error ") + strerrorname_np(errno); }

std::string outcome(long long result) { return result < 0 ? failed() : std::to_string(result); }

std::string to_hex(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text.empty() ? "-" : text;
}

std::string from_hex(const std::string& text) {
  std::string bytes;
  if (text == "-") return bytes;
  for (size_t at = 0; at + 1 < text.size(); at += 2)
    bytes += static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16));
  return bytes;
}

}  // namespace attacker

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  attacker::Commands commands;
  attacker::add_socket_commands(commands);
  attacker::add_file_commands(commands);
  attacker::add_memory_commands(commands);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream in(line);
    std::string name;
    in >> name;
    attacker::Words words;
    for (std::string word; in >> word;) words.push_back(word);
    const auto command = commands.find(name);
    std::cout << (command == commands.end() ? "error unknown command" : command->second(words))
              << std::endl;
  }
}
