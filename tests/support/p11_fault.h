// What a test tells p11_fault_module.cpp to do.
#pragma once

#include <string_view>

namespace hf::test {

enum class PointForm { octet_string, raw, bit_string, truncated };

struct P11Fault {
  std::string_view function{};  // this call returns `value`, `times` times after `skip` times
  unsigned long value = 0;
  int skip = 0;
  int times = 0;
  bool corrupt_signatures = false;
  PointForm point_form = PointForm::octet_string;
  long calls = 0;        // so far
  long die_before = -1;  // SIGKILL before the call of this number
  long die_after = -1;   // and after it was done
};

}  // namespace hf::test
