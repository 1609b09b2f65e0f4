// What a judge and its subject share beside the connection: a page of words. Either maps it from a
// descriptor that the subject inherits; it is no memory of the library's, and none of its steps.
#pragma once

#include <atomic>
#include <cstdint>

#include "sys/fd.h"

namespace coroipc::death {

struct Page {
  std::atomic<uint32_t> ready;       // the subject can be talked to
  std::atomic<uint32_t> armed;       // steps are counted
  std::atomic<uint32_t> steps;       // so far
  std::atomic<uint32_t> resting;     // its loop waits for its descriptors, without an end
  std::atomic<int64_t> ended_at_ns;  // when it sent itself the signal; 0: it did not
  // What a reader of the flood has seen: see flood.h.
  std::atomic<uint32_t> taken;
  std::atomic<uint32_t> skipped;
  std::atomic<uint32_t> last;
};

// The number under which the subject inherits it.
inline constexpr int kPageFd = 3;

// A page of one's own, all zeros, or one that was inherited; it is mapped until the end of the
// object's life.
class SharedPage {
 public:
  SharedPage();                        // made
  explicit SharedPage(int inherited);  // mapped, and the descriptor closed
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;
  ~SharedPage();

  [[nodiscard]] int fd() const { return file_.get(); }
  Page* operator->() const { return page_; }
  [[nodiscard]] Page* get() const { return page_; }

 private:
  void map();
  sys::Fd file_;
  Page* page_ = nullptr;
};

}  // namespace coroipc::death
