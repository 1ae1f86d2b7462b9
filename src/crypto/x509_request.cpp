// Certificate requests, and what is signed by a CA put together.
#include <algorithm>

#include "crypto/x509_read.h"

namespace hf::crypto::x509 {
namespace {

auto refuse(std::string why) {
  return fail(ErrorKind::invalid, "HF-X509-0003", "not a PKCS #10 certificate request in DER: " + std::move(why));
}

// Attributes: extensionRequest once; others (challengePassword, unstructuredName) ask for nothing that a certificate
// has.
std::string put_attributes(ByteView attributes, Request& request) {
  static const auto kExtensionRequest = der::oid("1.2.840.113549.1.9.14");
  constexpr int kMax = 16;
  int count = 0;
  bool seen = false;
  for (DerReader reader(attributes); !reader.at_end();) {
    const auto one = reader.next(der::kSequence);
    if (!one || ++count > kMax) return "an attribute is none, or there are more than 16";
    DerReader parts(one->content);
    const auto type = parts.next(der::kOid);
    const auto values = parts.next(der::kSet);
    if (!type || !values || !parts.at_end()) return "an attribute is not a type and a set of values";
    if (!std::ranges::equal(type->whole, kExtensionRequest)) continue;
    DerReader inner(values->content);
    const auto list = inner.next(der::kSequence);
    if (seen || !list || !inner.at_end()) return "it asks for extensions more than once";
    seen = true;
    std::string what;
    auto extensions = extensions_of(list->content, what);
    if (!extensions) return what;
    request.extensions = *std::move(extensions);
  }
  return {};
}

}  // namespace

const Extension* Request::extension(std::string_view oid) const {
  const auto found = std::ranges::find(extensions, oid, &Extension::oid);
  return found == extensions.end() ? nullptr : &*found;
}

Result<Request> request_of(ByteView bytes) {
  if (bytes.size() > kRequestMax) return refuse("it is larger than 64 KiB");
  Request request;
  request.der.assign(bytes.begin(), bytes.end());
  const auto parts = signed_parts_of(request.der);
  if (!parts) return refuse("it is not certificationRequestInfo, signatureAlgorithm and signature, or more than that");
  request.info = parts->signed_part.whole;
  request.signature_algorithm = parts->algorithm;
  request.signature = parts->signature;
  DerReader reader(parts->signed_part.content);
  const auto version = reader.next(der::kInteger);
  if (!version || number_of(version->content) != 0U) return refuse("its version is not v1");
  const auto subject = reader.next(der::kSequence);
  auto name = subject ? name_of_der(subject->whole) : std::nullopt;
  if (!name) return refuse("its subject is no Name");
  request.subject = *std::move(name);
  const auto spki = reader.next(der::kSequence);
  if (!spki) return refuse("its public key is missing");
  request.spki = spki->whole;
  if (const auto attributes = reader.next(der::context(0)))
    if (auto wrong = put_attributes(attributes->content, request); !wrong.empty()) return refuse(std::move(wrong));
  if (!reader.at_end()) return refuse("there are bytes after its attributes");
  return request;
}

Bytes signed_of(ByteView signed_part, ByteView algorithm_identifier, ByteView signature) {
  static constexpr std::uint8_t kNoneUnused[]{0};
  return der::value(der::kSequence,
                    {signed_part, algorithm_identifier, der::value(der::kBitString, {kNoneUnused, signature})});
}

ByteView algorithm_of_tbs(ByteView tbs) {
  DerReader outer(tbs);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return {};
  DerReader reader(sequence->content);
  // TBSCertificate: [0] version, INTEGER serial number; TBSCertList: INTEGER version.
  static_cast<void>(reader.next(der::context(0)));
  static_cast<void>(reader.next(der::kInteger));
  const auto algorithm = reader.next(der::kSequence);
  return algorithm ? algorithm->whole : ByteView();
}

}  // namespace hf::crypto::x509
