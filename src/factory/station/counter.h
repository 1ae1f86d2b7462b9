// The port to a counter that only rises and that lies outside of the journal: a journal that was put back by a snapshot
// is behind it.
//
//   file:PATH        a file; it helps as far as PATH is on another medium than the journal
//   tpm:0x1500010    an NV counter of a TPM 2.0 (TPM 2.0 Part 1, 37.2.4), by the tools of tpm2-tools. Its value
//   outlives
//                    the index: one that is undefined and defined anew begins above every counter there was.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hf::factory {

class Counter {
 public:
  virtual ~Counter() = default;
  [[nodiscard]] virtual Result<std::int64_t> value() = 0;  // HF-STATION-0010 if it is not there or does not answer
  virtual Result<std::int64_t> increment() = 0;            // by one, durable when it returns; the new value
};

// With `make`, one that is not there is made. HF-STATION-0010, HF-STATION-0011 for another text than above.
// A TPM's tools are processes of their own: not while a token is open.
[[nodiscard]] Result<std::unique_ptr<Counter>> open_counter(std::string_view where, bool make);

}  // namespace hf::factory
