#include "crypto/x509.h"

#include <algorithm>

#include "crypto/x509_read.h"

namespace hf::crypto::x509 {
namespace {

auto refuse_certificate(std::string why) {
  return fail(ErrorKind::invalid, "HF-X509-0001", "not an X.509 certificate in DER: " + why);
}
auto refuse_crl(std::string why) { return fail(ErrorKind::invalid, "HF-X509-0002", "not an X.509 CRL in DER: " + why); }

std::optional<Time> put_time(DerReader& reader, bool& right_types) {
  const auto value = reader.next();
  if (!value) return std::nullopt;
  const auto time = time_of_der(value->tag, value->content);
  if (!time) return std::nullopt;
  const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*time)).year();
  constexpr std::chrono::year kFirstGeneralized{2050};
  if ((value->tag == der::kGeneralizedTime) != (year >= kFirstGeneralized)) right_types = false;
  return time;
}

template <class Signed>
const Extension* find_extension(const Signed& of, std::string_view oid) {
  const auto found = std::ranges::find(of.extensions, oid, &Extension::oid);
  return found == of.extensions.end() ? nullptr : &*found;
}

// Name, Validity and Name of a TBSCertificate. Empty, or the field that is wrong.
std::string put_names(DerReader& reader, Certificate& certificate) {
  const auto issuer = reader.next(der::kSequence);
  auto name = issuer ? name_of_der(issuer->whole) : std::nullopt;
  if (!name) return "issuer is no Name";
  certificate.issuer = *std::move(name);
  const auto validity = reader.next(der::kSequence);
  if (!validity) return "validity is missing";
  DerReader times(validity->content);
  const auto from = put_time(times, certificate.validity.right_types);
  const auto until = put_time(times, certificate.validity.right_types);
  if (!from || !until || !times.at_end()) return "validity is not two times in seconds of UTC";
  certificate.validity.not_before = *from;
  certificate.validity.not_after = *until;
  const auto subject = reader.next(der::kSequence);
  name = subject ? name_of_der(subject->whole) : std::nullopt;
  if (!name) return "subject is no Name";
  certificate.subject = *std::move(name);
  return {};
}

std::string put_extensions(DerReader& reader, Certificate& certificate) {
  for (const int unique : {1, 2})
    if (reader.next(der::context_primitive(unique))) certificate.unique_ids = true;
  if (const auto wrapped = reader.next(der::context(3))) {
    DerReader inner(wrapped->content);
    const auto list = inner.next(der::kSequence);
    if (!list || !inner.at_end() || list->content.empty()) return "extensions is no list, or an empty one";
    std::string what;
    auto extensions = extensions_of(list->content, what);
    if (!extensions) return what;
    certificate.extensions = *std::move(extensions);
  }
  return reader.at_end() ? std::string() : std::string("there are bytes after the last field of tbsCertificate");
}

// Empty, or what is wrong.
std::string put_tbs(ByteView tbs, Certificate& certificate) {
  DerReader reader(tbs);
  if (const auto version = reader.next(der::context(0))) {
    DerReader inner(version->content);
    const auto integer = inner.next(der::kInteger);
    const auto number = integer ? number_of(integer->content) : std::nullopt;
    if (!number || *number == 0 || *number > 2 || !inner.at_end()) return "version is not v2 or v3 (v1 is left out)";
    certificate.version = int(*number) + 1;
  }
  const auto serial = reader.next(der::kInteger);
  constexpr std::size_t kSerialMax = 64;
  if (!serial || !is_shortest_integer(serial->content) || serial->content.size() > kSerialMax)
    return "serialNumber is no INTEGER in DER";
  certificate.serial = serial->content;
  const auto algorithm = reader.next(der::kSequence);
  if (!algorithm) return "signature is no AlgorithmIdentifier";
  certificate.tbs_signature_algorithm = algorithm->whole;
  if (auto wrong = put_names(reader, certificate); !wrong.empty()) return wrong;
  const auto spki = reader.next(der::kSequence);
  if (!spki) return "subjectPublicKeyInfo is missing";
  certificate.spki = spki->whole;
  return put_extensions(reader, certificate);
}

std::string put_revoked(ByteView list, Crl& crl) {
  constexpr std::size_t kMax = 2'000'000;
  for (DerReader reader(list); !reader.at_end();) {
    const auto one = reader.next(der::kSequence);
    if (!one || crl.revoked.size() == kMax) return "an entry of revokedCertificates is none, or there are too many";
    DerReader parts(one->content);
    const auto serial = parts.next(der::kInteger);
    const auto at = put_time(parts, crl.validity.right_types);
    if (!serial || !is_shortest_integer(serial->content) || !at)
      return "an entry of revokedCertificates is not a serial number and a time";
    Revoked entry{serial->content, *at, {}, false};
    if (const auto more = parts.next(der::kSequence)) {
      std::string what;
      const auto extensions = extensions_of(more->content, what);
      if (!extensions) return what;
      for (const auto& extension : *extensions) {
        if (extension.oid == oid::kReasonCode) {
          DerReader inner(extension.value);
          constexpr std::uint8_t kEnumerated = 0x0a;
          const auto reason = inner.next(kEnumerated);
          if (!reason || reason->content.size() != 1) return "a reason code is none";
          entry.reason = reason->content[0];
        } else if (extension.critical) {
          entry.unknown_critical = true;  // certificateIssuer too: indirect CRLs are not taken
        }
      }
    }
    if (!parts.at_end()) return "an entry of revokedCertificates has bytes after it";
    crl.revoked.push_back(entry);
  }
  return {};
}

std::string put_crl_fields(ByteView tbs, Crl& crl) {
  DerReader reader(tbs);
  if (const auto version = reader.next(der::kInteger)) {
    if (number_of(version->content) != 1U) return "version is not v2";
    crl.version = 2;
  }
  const auto algorithm = reader.next(der::kSequence);
  const auto issuer = reader.next(der::kSequence);
  auto name = issuer ? name_of_der(issuer->whole) : std::nullopt;
  if (!algorithm || !name) return "signature or issuer is none";
  crl.tbs_signature_algorithm = algorithm->whole;
  crl.issuer = *std::move(name);
  const auto from = put_time(reader, crl.validity.right_types);
  if (!from) return "thisUpdate is no time in seconds of UTC";
  crl.validity.not_before = *from;
  if (reader.peek() == der::kUtcTime || reader.peek() == der::kGeneralizedTime) {
    const auto until = put_time(reader, crl.validity.right_types);
    if (!until) return "nextUpdate is no time in seconds of UTC";
    crl.validity.not_after = *until;
    crl.has_next_update = true;
  }
  if (const auto list = reader.next(der::kSequence)) {
    if (list->content.empty()) return "revokedCertificates is there, and empty (5.1.2.6)";
    if (auto wrong = put_revoked(list->content, crl); !wrong.empty()) return wrong;
  }
  if (const auto wrapped = reader.next(der::context(0))) {
    DerReader inner(wrapped->content);
    const auto list = inner.next(der::kSequence);
    std::string what = "crlExtensions is no list";
    auto extensions = list && inner.at_end() ? extensions_of(list->content, what) : std::nullopt;
    if (!extensions) return what;
    crl.extensions = *std::move(extensions);
  }
  return reader.at_end() ? std::string() : std::string("there are bytes after the last field of tbsCertList");
}

}  // namespace

std::optional<SignedParts> signed_parts_of(ByteView bytes) {
  DerReader outer(bytes);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return std::nullopt;
  DerReader parts(sequence->content);
  const auto signed_part = parts.next(der::kSequence);
  const auto algorithm = parts.next(der::kSequence);
  const auto signature = parts.next(der::kBitString);
  if (!signed_part || !algorithm || !signature || !parts.at_end() || signature->content.empty() ||
      signature->content[0] != 0)
    return std::nullopt;
  return SignedParts{*signed_part, algorithm->whole, signature->content.subspan(1)};
}

const Extension* Certificate::extension(std::string_view oid) const { return find_extension(*this, oid); }
const Extension* Crl::extension(std::string_view oid) const { return find_extension(*this, oid); }

Result<Certificate> certificate_of(ByteView bytes) {
  if (bytes.size() > kCertificateMax) return refuse_certificate("it is larger than 256 KiB");
  Certificate certificate;
  certificate.der.assign(bytes.begin(), bytes.end());
  const auto parts = signed_parts_of(certificate.der);
  if (!parts)
    return refuse_certificate("it is not tbsCertificate, signatureAlgorithm and signatureValue, or more than that");
  certificate.tbs = parts->signed_part.whole;
  certificate.signature_algorithm = parts->algorithm;
  certificate.signature = parts->signature;
  if (auto wrong = put_tbs(parts->signed_part.content, certificate); !wrong.empty())
    return refuse_certificate(std::move(wrong));
  if (auto wrong = decode_extensions(certificate); !wrong.empty()) return refuse_certificate(std::move(wrong));
  return certificate;
}

Result<Crl> crl_of(ByteView bytes) {
  if (bytes.size() > kCrlMax) return refuse_crl("it is larger than 64 MiB");
  Crl crl;
  crl.der.assign(bytes.begin(), bytes.end());
  const auto parts = signed_parts_of(crl.der);
  if (!parts) return refuse_crl("it is not tbsCertList, signatureAlgorithm and signatureValue, or more than that");
  crl.tbs = parts->signed_part.whole;
  crl.signature_algorithm = parts->algorithm;
  crl.signature = parts->signature;
  if (auto wrong = put_crl_fields(parts->signed_part.content, crl); !wrong.empty()) return refuse_crl(std::move(wrong));
  if (const auto* const number = crl.extension(oid::kCrlNumber)) {
    DerReader reader(number->value);
    const auto integer = reader.next(der::kInteger);
    if (!integer || !reader.at_end() || !is_shortest_integer(integer->content)) return refuse_crl("cRLNumber is none");
    crl.number = integer->content;
  }
  if (const auto* const id = crl.extension(oid::kAuthorityKeyId)) {
    crl.authority_key_id = authority_key_id_of(id->value);
    if (!crl.authority_key_id) return refuse_crl("authorityKeyIdentifier is none");
  }
  return crl;
}

}  // namespace hf::crypto::x509
