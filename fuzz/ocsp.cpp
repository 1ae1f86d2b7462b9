// OCSP requests and answers: what is read stays within its bytes and its limits, and what is written of it is read
// again. fuzz-libs: hf_pki
#include <cstdlib>

#include "pki/ocsp.h"

namespace {

bool within(hf::ByteView part, hf::ByteView whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// A responder of no key: its certificate is not looked at beyond that.
const hf::pki::Certificate& responder() {
  static const hf::pki::Certificate certificate;
  return certificate;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hf::ByteView bytes(data, size);
  if (const auto answers = hf::keys::ocsp_data_of(bytes)) {
    if (answers->answers.empty() || answers->answers.size() > hf::keys::kOcspAnswersMax) std::abort();
    for (const auto& one : answers->answers)
      if (!within(one.id.der, bytes)) std::abort();
  }
  const auto request = hf::pki::ocsp_request_of(bytes);
  if (!request) return 0;
  if (request->ids.empty() || request->ids.size() > hf::pki::kOcspListMax) std::abort();
  for (const auto& id : request->ids)
    if (!within(id.der, request->der) || !within(id.serial, id.der)) std::abort();
  if (request->nonce && (request->nonce->empty() || request->nonce->size() > 128)) std::abort();
  const hf::Time now{};
  const std::vector<hf::pki::OcspWord> words(request->ids.size());
  const auto written = hf::pki::ocsp_response_data(*request, words, responder(), {now, now, now}, true);
  const auto read = hf::keys::ocsp_data_of(written);
  if (!read || read->answers.size() != request->ids.size() || read->nonce.has_value() != request->nonce.has_value())
    std::abort();
  return 0;
}
