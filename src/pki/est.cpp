#include "pki/est.h"

#include <algorithm>

#include "crypto/der.h"

namespace hf::pki {
namespace {

namespace der = crypto::der;
using Parts = std::initializer_list<ByteView>;

auto bad_body(std::string what) {
  return fail(ErrorKind::invalid, "HF-PKI-0032",
              "the body is no base64 of DER (RFC 7030 4.2, RFC 8951): " + std::move(what));
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

struct KeyWord {
  std::string_view name, type, parameter;  // of Profile::keys; OIDs
};
constexpr KeyWord kKeyWords[]{{"ecdsa-p256", "1.2.840.10045.2.1", "1.2.840.10045.3.1.7"},
                              {"ecdsa-p384", "1.2.840.10045.2.1", "1.3.132.0.34"},
                              {"ecdsa-p521", "1.2.840.10045.2.1", "1.3.132.0.35"},
                              {"ed25519", "1.3.101.112", ""}};

}  // namespace

Result<Bytes> est_body(std::string_view body) {
  constexpr std::uint8_t kSequence = 0x30;
  if (body.size() > kEstBodyMax) return bad_body("it has over 128 KiB");
  // "0" begins base64 too, but of no SEQUENCE: that is "MI".
  if (!body.empty() && std::uint8_t(body[0]) == kSequence) return Bytes(body.begin(), body.end());
  std::string base64;
  base64.reserve(body.size());
  std::size_t armour = 0;
  for (auto line : split(body, '\n')) {
    line = trim(line);
    if (line.starts_with("-----")) {
      if (++armour > 2 || !line.ends_with("-----")) return bad_body("more than one PEM block");
      continue;
    }
    for (const char c : line)
      if (!is_space(c)) base64 += c;
  }
  auto bytes = from_base64(base64);
  if (!bytes || bytes->empty()) return bad_body("it cannot be decoded");
  return *std::move(bytes);
}

std::string est_text(ByteView bytes) { return to_base64(bytes); }

Bytes certs_only(std::span<const Bytes> certificates) {
  std::vector<Bytes> list(certificates.begin(), certificates.end());
  Bytes all;
  std::ranges::sort(list, [](const Bytes& a, const Bytes& b) { return text_of(a) < text_of(b); });  // a SET OF in DER
  for (const auto& one : list) all.insert(all.end(), one.begin(), one.end());
  const auto data =
      der::value(der::kSequence, Parts{der::integer(1), der::value(der::kSet, Parts{}),
                                       der::value(der::kSequence, {der::oid("1.2.840.113549.1.7.1")}),
                                       der::value(der::context(0), {all}), der::value(der::kSet, Parts{})});
  return der::value(der::kSequence, Parts{der::oid("1.2.840.113549.1.7.2"), der::value(der::context(0), {data})});
}

Bytes csr_attributes(const Profile& profile) {
  std::vector<Bytes> list;
  const auto known = std::ranges::find_if(
      kKeyWords, [&](const KeyWord& word) { return !profile.keys.empty() && word.name == profile.keys.front(); });
  if (known != std::end(kKeyWords)) {
    if (known->parameter.empty()) {
      list.push_back(der::oid(known->type));
    } else {
      const auto values = der::value(der::kSet, {der::oid(known->parameter)});
      list.push_back(der::value(der::kSequence, Parts{der::oid(known->type), values}));
    }
  }
  for (const auto& rule : profile.subject)
    if (rule.demand == Demand::require || rule.demand == Demand::copy) list.push_back(der::oid(rule.type));
  return der::value(der::kSequence, list);
}

}  // namespace hf::pki
