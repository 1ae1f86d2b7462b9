// What steps make, and whether it is what script and request ask for. Asked by the machine before a step is written
// down, and by everyone who reads a transcript, with the same answer.
//
//   generate_key     {spki, custody}               spki in hex; custody as the token says it
//   self_sign_root   {certificate}                 DER in base64
//   sign_request     {request, ca, certificate}    the request's envelope as it came; DER in base64
//   sign_crl         {request, ca, crl}
//   export           {files: [{name, sha256}]}
#pragma once

#include "ceremony/transcript.h"
#include "keys/formats/ca_request.h"

namespace hf::ceremony {

// Why the script may not begin now. Empty: it may.
[[nodiscard]] std::string outside_window(const CeremonyScript& script, Time now);

// The public half of a key that an earlier step made. None: no step did.
[[nodiscard]] std::optional<crypto::PublicKey> key_made(const Transcript& transcript, std::string_view key);
// The certificate of the CA by the step that made it, DER. HF-CEREMONY-0018 if that step made none.
[[nodiscard]] Result<Bytes> root_of_step(const Transcript& transcript, std::string_view step);

struct NamedFile {
  std::string name;
  Bytes content;
};
// The files that come of a step that is done: "root.pem", and of a request the response beside it (response.h).
[[nodiscard]] Result<std::vector<NamedFile>> files_of(const Transcript& transcript, const Record& record);
// Of all steps that an export names. HF-CEREMONY-0018 if one of them made nothing.
[[nodiscard]] Result<std::vector<NamedFile>> exported_files(const Transcript& transcript, const CeremonyStep& step);
// SHA-256, hex, of the canonical JSON of [{name, sha256}].
[[nodiscard]] std::string digest_of_files(const std::vector<NamedFile>& files);
[[nodiscard]] JsonArray list_of(const std::vector<NamedFile>& files);

// HF-CEREMONY-0018 with what is wrong with the result of a step.
[[nodiscard]] Result<void> check_result(const Transcript& transcript, const CeremonyStep& step, const Record& record);

// The certificate or CRL of a step that signs, against its request and the CA's certificate (DER): whoever asks for a
// certificate has its key, profile and contents are those of script and request. HF-CEREMONY-0018.
[[nodiscard]] Result<void> check_answer(const CeremonyStep& step, const Record& record);

struct ReadRequest {
  keys::Envelope envelope;
  keys::CaRequest request;
  std::string sha256;  // of the payload, hex: its name
};
[[nodiscard]] Result<ReadRequest> request_in(ByteView envelope);
// Whether the step takes the request for this CA (certificate, DER): its kind, its CA, and possession of the key that a
// certificate is for (RFC 2986 4.2), by the envelope's signature or the PKCS #10 request's. HF-CEREMONY-0018.
[[nodiscard]] Result<void> check_request(const ReadRequest& read, const CeremonyStep& step, ByteView ca);

}  // namespace hf::ceremony
