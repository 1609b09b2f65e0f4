#include "test/death/page.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace coroipc::death {

SharedPage::SharedPage() : file_(memfd_create("death-page", MFD_CLOEXEC)) {
  if (!file_.open() || ftruncate(file_.get(), sizeof(Page)) != 0) abort();
  map();
}

SharedPage::SharedPage(int inherited) : file_(inherited) {
  map();
  file_.reset();
}

SharedPage::~SharedPage() { munmap(page_, sizeof(Page)); }

void SharedPage::map() {
  void* at = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (at == MAP_FAILED) abort();
  page_ = static_cast<Page*>(at);
}

}  // namespace coroipc::death
