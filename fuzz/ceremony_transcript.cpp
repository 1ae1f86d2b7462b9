// A transcript of any bytes, and a response: what is read is chained, in order, and confirmed by different people.
#include <cstdlib>
#include <set>

#include "ceremony/response.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hf::ByteView bytes(data, size);
  static_cast<void>(hf::ceremony::read_response(bytes, {}));
  const auto read = hf::ceremony::read_transcript(hf::text_of(bytes));
  if (!read) return 0;
  const auto& done = read->transcript.done();
  for (std::size_t i = 0; i < done.size(); ++i) {
    std::set<std::string> people{done[i].actor};
    people.insert(done[i].witnesses.begin(), done[i].witnesses.end());
    if (done[i].position != i || !done[i].awaited().empty() || people.size() != 1 + done[i].witnesses.size() ||
        done[i].confirmations.size() != people.size())
      std::abort();
  }
  return 0;
}
