// What an offline CA answers, as a file: the step of its transcript that made the certificate or CRL, with the request,
// the signatures of the people who confirmed it, and the approved script that says who they are. Text: canonical JSON,
// one object and a line end.
//
//   {"type", "script" (its envelope), "line" (the step's line, as it stands), "confirmations": [approval]}
#pragma once

#include "ceremony/result.h"

namespace hf::ceremony {

inline constexpr std::size_t kResponseMax = 512U << 10;

[[nodiscard]] std::string response_of(const Transcript& transcript, const Record& record);

struct Answer {
  CeremonyScript script;
  std::string script_sha256;
  Record record;
  std::string request_sha256;
  Bytes ca;           // certificate, DER
  Bytes certificate;  // one of the two, DER
  Bytes crl;
};
// HF-CEREMONY-0017 unless the script is signed by one of the keys, the line is a step of it that signs, its people
// confirmed it, and certificate or CRL are what the request asks for.
[[nodiscard]] Result<Answer> read_response(ByteView text, std::span<const crypto::PublicKey> keys);
// The envelope of the script, to look up who approved it.
[[nodiscard]] Result<std::string> script_of_response(ByteView text);

}  // namespace hf::ceremony
