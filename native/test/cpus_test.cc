#include "sys/cpus.h"

#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sys/cgroup.h"
#include "sys/spin.h"
#include "test/test.h"

namespace coroipc::sys {
namespace {

// As a machine with both versions says it; the third group is of another controller.
const char* const kGroups =
    "7:cpuset,cpuacct:/elsewhere\n"
    "4:cpu,cpuacct:/old/group\n"
    "1:name=systemd:/user.slice\n"
    "0::/new/deep/group\n";

std::string seen(std::string_view groups, std::string_view mounts) {
  std::string all;
  for (const CpuGroup& group : cpu_groups(groups, mounts)) {
    all.append(group.version == CpuGroup::Version::kTwo ? "two " : "one ");
    all.append(group.mount).append("|").append(group.path).append("\n");
  }
  return all;
}

TEST(cpu_groups_are_found_where_they_are_mounted) {
  CHECK_EQ(seen(kGroups,
                "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
                "32 31 0:29 / /sys/fs/cgroup/cpu rw shared:4 - cgroup cgroup rw,cpu,cpuacct\n"
                "35 31 0:32 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset,cpuacct\n"
                "41 31 0:38 / /sys/fs/cgroup/unified rw shared:1 master:2 - cgroup2 cgroup2 rw\n"),
           "one /sys/fs/cgroup/cpu|/old/group\ntwo /sys/fs/cgroup/unified|/new/deep/group\n");
}

TEST(cpu_groups_are_told_from_the_root_of_their_mount) {
  const auto two = [](std::string_view group, const std::string& root) {
    const std::string mount = "1 2 0:3 " + root + " /cg rw - cgroup2 cgroup2 rw\n";
    return seen("0::" + std::string(group) + "\n", mount);
  };
  CHECK_EQ(two("/", "/"), "two /cg|\n");
  CHECK_EQ(two("/box/1/job", "/box/1"), "two /cg|/job\n");
  CHECK_EQ(two("/box/1", "/box/1"), "two /cg|\n");
  CHECK_EQ(two("/box/12", "/box/1"), "");
  CHECK_EQ(two("/other", "/box/1"), "");
  CHECK_EQ(two("/job", "/../.."), "two /cg|\n");
  CHECK_EQ(two("/../job", "/"), "");
  CHECK_EQ(two("/job/../../etc", "/"), "");
}

TEST(cpu_groups_take_escapes_and_garbage_in_their_stride) {
  CHECK_EQ(seen("0::/a\n", "1 2 0:3 / /with\\040space\\134\\0 rw - cgroup2 none rw"),
           "two /with space\\\\0|/a\n");
  for (const char* mounts : {"", "\n\n", "1", "1 2 3", "1 2 0:3 / /cg rw - ", "- cgroup2",
                             "1 2 0:3 / /cg rw cgroup2 cgroup2 rw"})
    CHECK_EQ(seen(kGroups, mounts), "");
  const char* const mount = "1 2 0:3 / /cg rw - cgroup2 cgroup2 rw\n";
  for (const char* groups : {"", "\n", "0", "0:", "0:cpu:/a", "x::/a", ":::::"})
    CHECK_EQ(seen(groups, mount), "");
}

TEST(cpu_quotas_are_read_as_numbers_of_cpus) {
  CHECK_EQ(quota_of_two("max 100000\n").has_value(), false);
  CHECK_EQ(quota_of_two("150000 100000\n").value_or(0), 1.5);
  CHECK_EQ(quota_of_two("400000 100000").value_or(0), 4.0);
  CHECK_EQ(quota_of_one("-1\n", "100000\n").has_value(), false);
  CHECK_EQ(quota_of_one("50000\n", "100000\n").value_or(0), 0.5);
  for (const char* text : {"", " ", "max", "1", "1 ", "x y", "1 0", "1 -1", "-1 1",
                           "99999999999999999999 1", "1 99999999999999999999"})
    CHECK(!quota_of_two(text).has_value());
}

// A tree of groups as the kernel shows it, made of plain files.
class Tree {
 public:
  Tree() : root_("/tmp/coroipc-cgroup-XXXXXX") { CHECK(mkdtemp(root_.data()) != nullptr); }
  ~Tree() {
    for (auto each = made_.rbegin(); each != made_.rend(); ++each)
      CHECK_EQ(remove(each->c_str()), 0);
    CHECK_EQ(rmdir(root_.c_str()), 0);
  }
  void group(const std::string& path) {
    CHECK_EQ(mkdir((root_ + path).c_str(), 0700), 0);
    made_.push_back(root_ + path);
  }
  void file(const std::string& path, const std::string& text) {
    FILE* const out = fopen((root_ + path).c_str(), "w");
    REQUIRE(out != nullptr);
    CHECK_EQ(fwrite(text.data(), 1, text.size(), out), text.size());
    fclose(out);
    if (made_.empty() || made_.back() != root_ + path) made_.push_back(root_ + path);
  }
  [[nodiscard]] std::string two() const {
    return "1 2 0:3 / " + root_ + " rw - cgroup2 cgroup2 rw\n";
  }
  [[nodiscard]] std::string one() const {
    return "1 2 0:3 / " + root_ + " rw - cgroup cgroup rw,cpu\n";
  }

 private:
  std::string root_;
  std::vector<std::string> made_;
};

TEST(cpus_are_limited_by_the_least_quota_of_a_group_and_its_parents) {
  Tree tree;
  tree.group("/a");
  tree.group("/a/b");
  const auto cpus = [&](unsigned of, const char* group) {
    return within_quotas(of, "0::" + std::string(group) + "\n", tree.two());
  };
  CHECK_EQ(cpus(8, "/a/b"), 8);
  tree.file("/a/b/cpu.max", "500000 100000\n");
  CHECK_EQ(cpus(8, "/a/b"), 5);
  CHECK_EQ(cpus(4, "/a/b"), 4);
  CHECK_EQ(cpus(8, "/a"), 8);
  tree.file("/a/cpu.max", "250000 100000\n");
  CHECK_EQ(cpus(8, "/a/b"), 2);
  tree.file("/cpu.max", "max 100000\n");
  CHECK_EQ(cpus(8, "/a/b"), 2);
  tree.file("/cpu.max", "199999 100000\n");
  CHECK_EQ(cpus(8, "/a/b"), 1);
  tree.file("/cpu.max", "1000 100000\n");
  CHECK_EQ(cpus(8, "/a/b"), 1);
  CHECK_EQ(cpus(8, "/a/b/gone"), 1);
}

TEST(cpus_are_limited_by_quotas_of_the_first_version_too) {
  Tree tree;
  tree.group("/a");
  const auto cpus = [&] { return within_quotas(8, "3:cpu,cpuacct:/a\n", tree.one()); };
  tree.file("/a/cpu.cfs_quota_us", "-1\n");
  tree.file("/a/cpu.cfs_period_us", "50000\n");
  CHECK_EQ(cpus(), 8);
  tree.file("/cpu.cfs_quota_us", "300000\n");
  CHECK_EQ(cpus(), 8);
  tree.file("/cpu.cfs_period_us", "100000\n");
  CHECK_EQ(cpus(), 3);
}

TEST(cpus_are_never_more_than_this_process_may_run_on) {
  cpu_set_t before;
  REQUIRE_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CHECK(usable_cpus() >= 1);
  CHECK(usable_cpus() <= static_cast<unsigned>(CPU_COUNT(&before)));
  CHECK_EQ(own_waiting() == Waiting::kSpins, usable_cpus() > 1);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  REQUIRE_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  CHECK_EQ(usable_cpus(), 1);
  CHECK(own_waiting() == Waiting::kYields);
  CHECK(waiting_for(getpid(), Waiting::kYields) == Waiting::kYields);
  CHECK(waiting_for(getpid(), Waiting::kSleeps) == Waiting::kSleeps);
  CHECK(waiting_for(0, Waiting::kYields) == Waiting::kYields);
  CHECK_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

}  // namespace
}  // namespace coroipc::sys
