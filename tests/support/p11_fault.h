// What a test tells p11_fault_module.cpp to do.
#pragma once

#include <atomic>
#include <string_view>

namespace hf::test {

enum class PointForm { octet_string, raw, bit_string, truncated };

struct P11Fault {
  std::string_view function{};  // this call returns `value`, `times` times after `skip` times
  unsigned long value = 0;
  std::atomic<int> skip = 0;
  std::atomic<int> times = 0;
  bool corrupt_signatures = false;
  PointForm point_form = PointForm::octet_string;
  std::atomic<long> calls = 0;  // so far, without those that only read
  long die_before = -1;         // SIGKILL before the call of this number
  long die_after = -1;          // and after it was done

  void reset() {
    function = {}, value = 0, skip = 0, times = 0, corrupt_signatures = false, point_form = PointForm::octet_string;
    calls = 0, die_before = -1, die_after = -1;
  }
};

}  // namespace hf::test
