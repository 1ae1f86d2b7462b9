#include <algorithm>
#include <functional>

#include "crypto/x509_read.h"

namespace hf::crypto::x509 {
namespace {

constexpr std::size_t kListMax = 1'000;

// The content of the one value of that tag that an extension's OCTET STRING holds.
std::optional<ByteView> only(ByteView value, std::uint8_t tag) {
  DerReader reader(value);
  const auto found = reader.next(tag);
  if (!found || !reader.at_end()) return std::nullopt;
  return found->content;
}

bool basic_constraints(Certificate& certificate, ByteView value) {
  const auto content = only(value, der::kSequence);
  if (!content) return false;
  DerReader reader(*content);
  BasicConstraints constraints;
  if (const auto ca = reader.next(der::kBoolean)) {
    const auto flag = boolean_of(*ca);
    if (!flag || !*flag) return false;  // DER leaves a DEFAULT out (X.690 11.5)
    constraints.ca = true;
  }
  if (const auto length = reader.next(der::kInteger)) {
    constraints.path_length = number_of(length->content);
    if (!constraints.path_length) return false;
  }
  certificate.basic_constraints = constraints;
  return reader.at_end();
}

bool key_usage(Certificate& certificate, ByteView value) {
  const auto content = only(value, der::kBitString);
  constexpr std::size_t kMax = 3;
  if (!content || content->empty() || content->size() > kMax || (*content)[0] > 7) return false;
  const auto unused = (*content)[0];
  if (content->size() == 1) {
    certificate.key_usage = 0;
    return unused == 0;
  }
  const auto last = content->back();
  // A BIT STRING with named bits has no trailing zeros (X.690 11.2.2), and what is unused is zero.
  if ((last & ((1U << unused) - 1)) != 0 || (last >> unused & 1U) == 0) return false;
  unsigned bits = 0;
  for (unsigned bit = 0; bit < 9; ++bit) {
    const auto at = std::size_t(1 + bit / 8);
    if (at < content->size() && ((*content)[at] >> (7 - bit % 8) & 1U) != 0) bits |= 1U << bit;
  }
  certificate.key_usage = bits;
  return true;
}

std::optional<std::vector<std::string>> oids_of(ByteView sequence) {
  std::vector<std::string> list;
  for (DerReader reader(sequence); !reader.at_end();) {
    const auto one = reader.next(der::kOid);
    auto text = one ? oid_text(one->content) : std::nullopt;
    if (!text || list.size() == kListMax) return std::nullopt;
    list.push_back(*std::move(text));
  }
  return list;
}

bool extended_key_usage(Certificate& certificate, ByteView value) {
  const auto content = only(value, der::kSequence);
  if (content) certificate.extended_key_usage = oids_of(*content);
  return certificate.extended_key_usage.has_value();
}

bool alternative_names(Certificate& certificate, ByteView value) {
  const auto content = only(value, der::kSequence);
  if (content) certificate.subject_alternative_names = general_names_of(*content);
  return certificate.subject_alternative_names.has_value();
}

std::optional<std::vector<Subtree>> subtrees_of(ByteView content) {
  std::vector<Subtree> list;
  for (DerReader reader(content); !reader.at_end();) {
    const auto one = reader.next(der::kSequence);
    if (!one || list.size() == kListMax) return std::nullopt;
    DerReader parts(one->content);
    const auto base = parts.next();
    auto names = base ? general_names_of(base->whole) : std::nullopt;
    if (!names) return std::nullopt;
    list.push_back({std::move((*names)[0]), parts.at_end()});
  }
  return list;
}

bool name_constraints(Certificate& certificate, ByteView value) {
  const auto content = only(value, der::kSequence);
  if (!content) return false;
  DerReader reader(*content);
  NameConstraints constraints;
  for (const int which : {0, 1}) {
    const auto part = reader.next(der::context(which));
    if (!part) continue;
    auto list = subtrees_of(part->content);
    if (!list || list->empty()) return false;
    (which == 0 ? constraints.permitted : constraints.excluded) = *std::move(list);
  }
  certificate.name_constraints = std::move(constraints);
  return reader.at_end();
}

bool policies(Certificate& certificate, ByteView value) {
  const auto content = only(value, der::kSequence);
  if (!content) return false;
  std::vector<std::string> list;
  for (DerReader reader(*content); !reader.at_end();) {
    const auto one = reader.next(der::kSequence);
    if (!one || list.size() == kListMax) return false;
    DerReader parts(one->content);
    const auto id = parts.next(der::kOid);
    auto text = id ? oid_text(id->content) : std::nullopt;
    if (!text || (!parts.at_end() && !parts.next(der::kSequence)) || !parts.at_end()) return false;
    list.push_back(*std::move(text));
  }
  certificate.policies = std::move(list);
  return true;
}

bool policy_mappings(Certificate& certificate, ByteView value) {
  const auto content = only(value, der::kSequence);
  if (!content) return false;
  std::vector<PolicyMapping> list;
  for (DerReader reader(*content); !reader.at_end();) {
    const auto one = reader.next(der::kSequence);
    auto pair = one ? oids_of(one->content) : std::nullopt;
    if (!pair || pair->size() != 2 || list.size() == kListMax) return false;
    list.push_back({std::move((*pair)[0]), std::move((*pair)[1])});
  }
  certificate.policy_mappings = std::move(list);
  return true;
}

bool policy_constraints(Certificate& certificate, ByteView value) {
  const auto content = only(value, der::kSequence);
  if (!content) return false;
  DerReader reader(*content);
  PolicyConstraints constraints;
  for (const int which : {0, 1}) {
    const auto part = reader.next(der::context_primitive(which));
    if (!part) continue;
    const auto number = number_of(part->content);
    if (!number) return false;
    (which == 0 ? constraints.require_explicit : constraints.inhibit_mapping) = number;
  }
  certificate.policy_constraints = constraints;
  return reader.at_end();
}

bool inhibit_any(Certificate& certificate, ByteView value) {
  const auto content = only(value, der::kInteger);
  if (content) certificate.inhibit_any_policy = number_of(*content);
  return certificate.inhibit_any_policy.has_value();
}

bool subject_key_id(Certificate& certificate, ByteView value) {
  certificate.subject_key_id = only(value, der::kOctetString);
  return certificate.subject_key_id.has_value();
}

bool authority_key_id(Certificate& certificate, ByteView value) {
  certificate.authority_key_id = authority_key_id_of(value);
  return certificate.authority_key_id.has_value();
}

bool access_descriptions(Certificate&, ByteView value) {
  const auto content = only(value, der::kSequence);
  if (!content) return false;
  for (DerReader reader(*content); !reader.at_end();) {
    const auto one = reader.next(der::kSequence);
    if (!one) return false;
    DerReader parts(one->content);
    const auto method = parts.next(der::kOid);
    const auto location = parts.next();
    if (!method || !oid_text(method->content) || !location || !general_names_of(location->whole) || !parts.at_end())
      return false;
  }
  return !content->empty();
}

bool distribution_points(Certificate&, ByteView value) {
  const auto content = only(value, der::kSequence);
  if (!content) return false;
  for (DerReader reader(*content); !reader.at_end();)
    if (!reader.next(der::kSequence)) return false;
  return !content->empty();
}

struct Decoder {
  std::string_view oid;
  bool (*decode)(Certificate&, ByteView);
};
constexpr Decoder kDecoders[]{
    {oid::kBasicConstraints, &basic_constraints},  {oid::kKeyUsage, &key_usage},
    {oid::kExtendedKeyUsage, &extended_key_usage}, {oid::kSubjectAltName, &alternative_names},
    {oid::kNameConstraints, &name_constraints},    {oid::kPolicies, &policies},
    {oid::kPolicyMappings, &policy_mappings},      {oid::kPolicyConstraints, &policy_constraints},
    {oid::kInhibitAnyPolicy, &inhibit_any},        {oid::kSubjectKeyId, &subject_key_id},
    {oid::kAuthorityKeyId, &authority_key_id},     {oid::kAuthorityInfo, &access_descriptions},
    {oid::kSubjectInfo, &access_descriptions},     {oid::kCrlPoints, &distribution_points},
    {oid::kFreshestCrl, &distribution_points},
};

}  // namespace

std::optional<bool> boolean_of(const DerValue& value) {
  if (value.tag != der::kBoolean || value.content.size() != 1 || (value.content[0] != 0 && value.content[0] != 0xff))
    return std::nullopt;
  return value.content[0] != 0;
}

bool is_shortest_integer(ByteView integer) {
  if (integer.empty()) return false;
  if (integer.size() == 1) return true;
  return !(integer[0] == 0 && (integer[1] & 0x80) == 0) && !(integer[0] == 0xff && (integer[1] & 0x80) != 0);
}

std::optional<std::uint64_t> number_of(ByteView integer) {
  if (!is_shortest_integer(integer) || integer.size() > 8 || (integer[0] & 0x80) != 0) return std::nullopt;
  std::uint64_t number = 0;
  for (const auto byte : integer) number = number << 8 | byte;
  return number;
}

std::optional<std::vector<Extension>> extensions_of(ByteView content, std::string& what) {
  std::vector<Extension> list;
  for (DerReader reader(content); !reader.at_end();) {
    const auto one = reader.next(der::kSequence);
    if (!one || list.size() == kExtensionsMax) {
      what = one ? "there are more than 64 extensions" : "an extension is not DER";
      return std::nullopt;
    }
    DerReader parts(one->content);
    const auto id = parts.next(der::kOid);
    auto text = id ? oid_text(id->content) : std::nullopt;
    bool critical = false;
    if (const auto flag = parts.next(der::kBoolean)) {
      const auto value = boolean_of(*flag);
      if (!value || !*value) {
        what = "an extension's critical flag is not in DER: TRUE is ff, FALSE is left out";
        return std::nullopt;
      }
      critical = true;
    }
    const auto value = parts.next(der::kOctetString);
    if (!text || !value || !parts.at_end()) {
      what = "an extension is not an identifier, a critical flag and a value";
      return std::nullopt;
    }
    list.push_back({*std::move(text), critical, value->content});
  }
  return list;
}

std::optional<AuthorityKeyId> authority_key_id_of(ByteView value) {
  const auto content = only(value, der::kSequence);
  if (!content) return std::nullopt;
  AuthorityKeyId id;
  DerReader reader(*content);
  if (const auto key = reader.next(der::context_primitive(0))) id.key_id = key->content;
  if (const auto issuer = reader.next(der::context(1))) {
    if (!general_names_of(issuer->content)) return std::nullopt;
    id.issuer = true;
  }
  if (reader.next(der::context_primitive(2))) id.serial = true;
  if (!reader.at_end()) return std::nullopt;
  return id;
}

std::string decode_extensions(Certificate& certificate) {
  for (const auto& [oid, decode] : kDecoders) {
    const auto* const found = certificate.extension(oid);
    if (found && !decode(certificate, found->value)) return oid_name(oid) + " is not as RFC 5280 writes it";
  }
  return {};
}

}  // namespace hf::crypto::x509
