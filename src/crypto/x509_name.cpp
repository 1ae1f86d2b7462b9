#include <arpa/inet.h>
#include <algorithm>
#include <array>

#include "crypto/der.h"
#include "crypto/x509.h"

namespace hf::crypto::x509 {
namespace {

constexpr std::size_t kRdnsMax = 64, kAttributesMax = 16, kNamesMax = 1'000;
constexpr std::uint8_t kIa5String = 0x16, kPrintableString = 0x13;

struct Known {
  std::string_view name, dotted, brief;  // brief: the keyword of RFC 4514, or none
};
constexpr std::array kKnown{
    Known{"commonName", oid::kCommonName, "CN"},
    Known{"serialNumber", oid::kSerialNumber, {}},
    Known{"countryName", oid::kCountry, "C"},
    Known{"localityName", "2.5.4.7", "L"},
    Known{"stateOrProvinceName", "2.5.4.8", "ST"},
    Known{"organizationName", oid::kOrganization, "O"},
    Known{"organizationalUnitName", oid::kOrganizationalUnit, "OU"},
    Known{"title", "2.5.4.12", {}},
    Known{"pseudonym", "2.5.4.65", {}},
    Known{"domainComponent", "0.9.2342.19200300.100.1.25", "DC"},
    Known{"userId", "0.9.2342.19200300.100.1.1", "UID"},
    Known{"emailAddress", oid::kEmailAddress, {}},
    Known{"matterVendorId", "1.3.6.1.4.1.37244.2.1", {}},
    Known{"matterProductId", "1.3.6.1.4.1.37244.2.2", {}},
    Known{"subjectKeyIdentifier", oid::kSubjectKeyId, {}},
    Known{"authorityKeyIdentifier", oid::kAuthorityKeyId, {}},
    Known{"keyUsage", oid::kKeyUsage, {}},
    Known{"extendedKeyUsage", oid::kExtendedKeyUsage, {}},
    Known{"basicConstraints", oid::kBasicConstraints, {}},
    Known{"subjectAltName", oid::kSubjectAltName, {}},
    Known{"issuerAltName", oid::kIssuerAltName, {}},
    Known{"nameConstraints", oid::kNameConstraints, {}},
    Known{"certificatePolicies", oid::kPolicies, {}},
    Known{"policyMappings", oid::kPolicyMappings, {}},
    Known{"policyConstraints", oid::kPolicyConstraints, {}},
    Known{"inhibitAnyPolicy", oid::kInhibitAnyPolicy, {}},
    Known{"cRLDistributionPoints", oid::kCrlPoints, {}},
    Known{"freshestCRL", oid::kFreshestCrl, {}},
    Known{"authorityInfoAccess", oid::kAuthorityInfo, {}},
    Known{"subjectInfoAccess", oid::kSubjectInfo, {}},
    Known{"subjectDirectoryAttributes", oid::kSubjectDirectory, {}},
    Known{"ocspNoCheck", oid::kOcspNoCheck, {}},
    Known{"serverAuth", oid::kServerAuth, {}},
    Known{"clientAuth", oid::kClientAuth, {}},
    Known{"codeSigning", oid::kCodeSigning, {}},
    Known{"emailProtection", "1.3.6.1.5.5.7.3.4", {}},
    Known{"timeStamping", oid::kTimeStamping, {}},
    Known{"OCSPSigning", oid::kOcspSigning, {}},
};

bool is_text(std::uint8_t tag) { return tag == der::kUtf8String || tag == kPrintableString || tag == kIa5String; }

// RFC 4518 as far as ASCII goes: case folded, white space trimmed and single. Other characters compare by their bytes.
std::string prepared(ByteView value) {
  std::string out;
  for (const char c : trim(text_of(value))) {
    if (c == ' ' && !out.empty() && out.back() == ' ') continue;
    out += c;
  }
  return to_lower(out);
}

bool same_attribute(const Attribute& a, const Attribute& b) {
  if (a.type != b.type) return false;
  if (a.tag == b.tag && std::ranges::equal(a.value, b.value)) return true;
  return is_text(a.tag) && is_text(b.tag) && prepared(a.value) == prepared(b.value);
}

bool same_rdn(const std::vector<Attribute>& a, const std::vector<Attribute>& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const Attribute& one) {
           return std::ranges::any_of(b, [&](const Attribute& other) { return same_attribute(one, other); });
         });
}

void put_escaped(std::string& out, std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == value.size() && c == ' ');
    if (edge || std::string_view("\"+,;<>\\").find(c) != std::string_view::npos) out += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      const auto byte = std::uint8_t(c);
      out += '\\' + to_hex({&byte, 1});
    } else {
      out += c;
    }
  }
}

std::optional<std::vector<Attribute>> rdn_of(ByteView set) {
  std::vector<Attribute> rdn;
  ByteView before;
  for (DerReader reader(set); !reader.at_end();) {
    const auto pair = reader.next(der::kSequence);
    if (!pair || rdn.size() == kAttributesMax) return std::nullopt;
    // X.690 11.6: the elements of a SET OF stand in ascending order.
    if (std::ranges::lexicographical_compare(pair->whole, before)) return std::nullopt;
    before = pair->whole;
    DerReader parts(pair->content);
    const auto type = parts.next(der::kOid);
    const auto value = parts.next();
    auto dotted = type ? oid_text(type->content) : std::nullopt;
    if (!dotted || !value || !parts.at_end()) return std::nullopt;
    if (value->tag == der::kUtf8String && !is_utf8(text_of(value->content))) return std::nullopt;
    rdn.push_back({*std::move(dotted), value->tag, value->content});
  }
  if (rdn.empty()) return std::nullopt;
  return rdn;
}

}  // namespace

std::string oid_name(std::string_view dotted) {
  const auto* const found = std::ranges::find(kKnown, dotted, &Known::dotted);
  return std::string(found == kKnown.end() ? dotted : found->name);
}

std::optional<std::string> oid_of_name(std::string_view name) {
  const auto* const found = std::ranges::find(kKnown, name, &Known::name);
  if (found != kKnown.end()) return std::string(found->dotted);
  const bool dotted = !name.empty() && name.find('.') != std::string_view::npos && name.front() != '.' &&
                      name.back() != '.' && name.find_first_not_of("0123456789.") == std::string_view::npos &&
                      name.find("..") == std::string_view::npos;
  if (!dotted) return std::nullopt;
  return std::string(name);
}

std::string Name::text() const {
  std::string out;
  for (auto rdn = rdns.rbegin(); rdn != rdns.rend(); ++rdn) {
    if (!out.empty()) out += ',';
    for (const auto& one : *rdn) {
      if (&one != rdn->data()) out += '+';
      const auto* const known = std::ranges::find(kKnown, one.type, &Known::dotted);
      if (known == kKnown.end()) out += one.type;
      else out += known->brief.empty() ? known->name : known->brief;
      out += '=';
      if (is_text(one.tag) && is_utf8(text_of(one.value))) put_escaped(out, text_of(one.value));
      else out += '#' + to_hex(one.value);
    }
  }
  return out;
}

std::string GeneralName::text() const {
  const auto content = std::string(text_of(value));
  switch (kind) {
    case dns_name: return "DNS:" + content;
    case rfc822_name: return "email:" + content;
    case uri: return "URI:" + content;
    case directory_name: return "directory:" + name->text();
    case ip_address: {
      std::array<char, INET6_ADDRSTRLEN> out{};
      constexpr std::size_t kV4 = 4, kV6 = 16;
      const auto size = value.size();
      if ((size == kV4 || size == kV6) &&
          ::inet_ntop(size == kV4 ? AF_INET : AF_INET6, value.data(), out.data(), out.size()))
        return "IP:" + std::string(out.data());
      return "IP:#" + to_hex(value);
    }
    case registered_id: return "RID:" + oid_text(value).value_or("#" + to_hex(value));
    case other_name: return "otherName:#" + to_hex(value);
    case x400_address: return "x400Address:#" + to_hex(value);
    case edi_party_name: return "ediPartyName:#" + to_hex(value);
  }
  return {};
}

bool same_name(const Name& a, const Name& b) {
  if (std::ranges::equal(a.der, b.der)) return true;
  return a.rdns.size() == b.rdns.size() && is_within(a, b);
}

bool is_within(const Name& name, const Name& base) {
  return base.rdns.size() <= name.rdns.size() &&
         std::ranges::equal(base.rdns, std::span(name.rdns).first(base.rdns.size()), same_rdn);
}

std::optional<Name> name_of_der(ByteView bytes) {
  DerReader outer(bytes);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return std::nullopt;
  Name name{sequence->whole, {}};
  for (DerReader reader(sequence->content); !reader.at_end();) {
    const auto set = reader.next(der::kSet);
    auto rdn = set && name.rdns.size() < kRdnsMax ? rdn_of(set->content) : std::nullopt;
    if (!rdn) return std::nullopt;
    name.rdns.push_back(*std::move(rdn));
  }
  return name;
}

std::optional<std::vector<GeneralName>> general_names_of(ByteView content) {
  std::vector<GeneralName> names;
  for (DerReader reader(content); !reader.at_end();) {
    const auto one = reader.next();
    if (!one || names.size() == kNamesMax) return std::nullopt;
    constexpr int kLast = 8;
    const int kind = one->tag & 0x1f;
    // otherName, x400Address, directoryName and ediPartyName are constructed, the others are not.
    const bool constructed = kind == 0 || kind == 3 || kind == 4 || kind == 5;
    if (kind > kLast || one->tag != (constructed ? der::context(kind) : der::context_primitive(kind)))
      return std::nullopt;
    GeneralName name{GeneralName::Kind(kind), one->content, {}};
    if (kind == GeneralName::directory_name) {
      name.name = name_of_der(one->content);
      if (!name.name) return std::nullopt;
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::optional<std::string> oid_text(ByteView content) {
  constexpr std::size_t kMax = 64;
  if (content.empty() || content.size() > kMax) return std::nullopt;
  std::string out;
  std::uint64_t arc = 0;
  bool start = true;
  for (const auto byte : content) {
    if (start && byte == 0x80) return std::nullopt;  // not the shortest form
    if (arc >> 56 != 0) return std::nullopt;
    arc = arc << 7 | (byte & 0x7fU);
    start = (byte & 0x80) == 0;
    if (!start) continue;
    if (out.empty()) {
      const auto top = std::min<std::uint64_t>(arc / 40, 2);
      out = std::to_string(top) + '.' + std::to_string(arc - top * 40);
    } else {
      out += '.' + std::to_string(arc);
    }
    arc = 0;
  }
  if (!start) return std::nullopt;
  return out;
}

std::optional<Time> time_of_der(std::uint8_t tag, ByteView content) {
  const auto text = text_of(content);
  const std::size_t year_digits = tag == der::kUtcTime ? 2 : 4;
  if ((tag != der::kUtcTime && tag != der::kGeneralizedTime) || text.size() != year_digits + 11 || text.back() != 'Z' ||
      text.substr(0, text.size() - 1).find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) value = value * 10 + (c - '0');
    return value;
  };
  int year = number(0, year_digits);
  if (tag == der::kUtcTime) year += year >= 50 ? 1900 : 2000;
  const std::chrono::year_month_day day{std::chrono::year(year), std::chrono::month(unsigned(number(year_digits, 2))),
                                        std::chrono::day(unsigned(number(year_digits + 2, 2)))};
  const int hour = number(year_digits + 4, 2), minute = number(year_digits + 6, 2), second = number(year_digits + 8, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return Time(std::chrono::sys_days(day)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace hf::crypto::x509
