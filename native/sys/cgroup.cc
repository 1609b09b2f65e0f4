#include "sys/cgroup.h"

#include <algorithm>
#include <charconv>

namespace coroipc::sys {

namespace {

// Takes what stands before the next `end` off `text`, and the `end` with it.
std::string_view take_until(std::string_view& text, char end) {
  const size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

bool lists(std::string_view comma_separated, std::string_view word) {
  while (!comma_separated.empty())
    if (take_until(comma_separated, ',') == word) return true;
  return false;
}

// The kernel writes a space, a tab, a newline and a backslash in a path as three octal digits.
std::string unescaped(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  while (!text.empty()) {
    const bool escape = text.size() >= 4 && text[0] == '\\' && is_octal(text[1]) &&
                        is_octal(text[2]) && is_octal(text[3]);
    const int octal = escape ? (text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0') : 0;
    plain.push_back(escape ? static_cast<char>(octal) : text[0]);
    text.remove_prefix(escape ? 4 : 1);
  }
  return plain;
}

struct Mount {
  std::string root;  // the group that is seen at `point`
  std::string point;
  std::string_view type;
  std::string_view options;
};

// A line is `id parent device root point options [tag…] - type source options`.
Mount mount_of(std::string_view line) {
  for (int skipped = 0; skipped < 3; ++skipped) (void)take_until(line, ' ');
  Mount mount;
  mount.root = unescaped(take_until(line, ' '));
  mount.point = unescaped(take_until(line, ' '));
  while (!line.empty() && take_until(line, ' ') != "-") continue;
  mount.type = take_until(line, ' ');
  (void)take_until(line, ' ');
  mount.options = line;
  return mount;
}

bool climbs(std::string_view path) {
  while (!path.empty())
    if (take_until(path, '/') == "..") return true;
  return false;
}

// Where below a mount of `root` the group is; nothing when it is elsewhere. Both are told from the
// root of this process's namespace, and climb when they are outside of it.
std::optional<std::string> below(const std::string& root, std::string_view group) {
  // Of a mount of a parent of the namespace, only that it holds the group is known.
  if (climbs(root)) return climbs(group) ? std::nullopt : std::optional<std::string>("");
  if (climbs(group) || !group.starts_with(root)) return std::nullopt;
  const std::string_view rest = group.substr(root == "/" ? 0 : root.size());
  if (rest.empty() || rest == "/") return "";
  if (!rest.starts_with('/')) return std::nullopt;
  return std::string(rest);
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return number;
}

}  // namespace

std::vector<CpuGroup> cpu_groups(std::string_view groups, std::string_view mounts) {
  using Version = CpuGroup::Version;
  std::optional<std::string_view> one;
  std::optional<std::string_view> two;
  while (!groups.empty()) {
    std::string_view line = take_until(groups, '\n');
    const std::string_view id = take_until(line, ':');
    const std::string_view controllers = take_until(line, ':');
    if (id == "0" && controllers.empty()) two = line;
    if (lists(controllers, "cpu")) one = line;
  }
  std::vector<CpuGroup> found;
  while (!mounts.empty()) {
    const Mount mount = mount_of(take_until(mounts, '\n'));
    const bool is_two = mount.type == "cgroup2";
    const bool is_one = mount.type == "cgroup" && lists(mount.options, "cpu");
    const std::optional<std::string_view>& group = is_two ? two : one;
    if ((!is_two && !is_one) || !group.has_value()) continue;
    const std::optional<std::string> path = below(mount.root, *group);
    if (!path.has_value()) continue;
    found.push_back({is_two ? Version::kTwo : Version::kOne, mount.point, *path});
  }
  return found;
}

std::optional<double> quota_of_one(std::string_view quota_us, std::string_view period_us) {
  const std::optional<int64_t> quota = number_of<int64_t>(quota_us);
  const std::optional<int64_t> period = number_of<int64_t>(period_us);
  if (!quota.has_value() || !period.has_value() || *quota < 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

// "max" is no number, and so no limit.
std::optional<double> quota_of_two(std::string_view cpu_max) {
  const std::string_view quota = take_until(cpu_max, ' ');
  return quota_of_one(quota, cpu_max);
}

}  // namespace coroipc::sys
