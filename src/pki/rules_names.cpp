// The rules of names: RFC 5280 sections 4.1.2.4, 4.2.1.6, 4.2.1.10 and appendix A (upper bounds).
#include <array>

#include "crypto/der.h"
#include "pki/lint.h"
#include "pki/names.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
namespace oid = crypto::x509::oid;

std::string alternative_names(const Subject& subject) {
  if (!subject.certificate.subject_alternative_names) return {};
  for (const auto& name : *subject.certificate.subject_alternative_names)
    if (auto wrong = fault_of_name(name); !wrong.empty()) return wrong;
  return {};
}

std::string constraint_bases(const Subject& subject) {
  if (!subject.certificate.name_constraints) return {};
  for (const auto* list :
       {&subject.certificate.name_constraints->permitted, &subject.certificate.name_constraints->excluded})
    for (const auto& tree : *list)
      if (auto wrong = fault_of_constraint(tree.base); !wrong.empty()) return wrong;
  return {};
}

std::string constraint_bounds(const Subject& subject) {
  if (!subject.certificate.name_constraints) return {};
  for (const auto* list :
       {&subject.certificate.name_constraints->permitted, &subject.certificate.name_constraints->excluded})
    for (const auto& tree : *list)
      if (!tree.plain) return "the constraint " + tree.base.text() + " has a minimum or a maximum";
  return {};
}

struct Bound {
  std::string_view type;
  std::size_t characters;
};
// Appendix A.1: ub-common-name and the rest.
constexpr std::array kBounds{
    Bound{oid::kCommonName, 64},   Bound{oid::kOrganization, 64}, Bound{oid::kOrganizationalUnit, 64},
    Bound{oid::kSerialNumber, 64}, Bound{"2.5.4.7", 128},         Bound{"2.5.4.8", 128},
    Bound{"2.5.4.12", 64},         Bound{oid::kEmailAddress, 255}};

std::size_t characters_of(ByteView utf8) {
  std::size_t count = 0;
  for (const auto byte : utf8)
    if ((byte & 0xc0) != 0x80) ++count;
  return count;
}

template <class Check>
std::string each_attribute(const Subject& subject, const Check& check) {
  for (const auto* name : {&subject.certificate.issuer, &subject.certificate.subject})
    for (const auto& rdn : name->rdns)
      for (const auto& attribute : rdn)
        if (auto wrong = check(attribute); !wrong.empty()) return x509::oid_name(attribute.type) + " " + wrong;
  return {};
}

std::string attribute_sizes(const Subject& subject) {
  return each_attribute(subject, [](const x509::Attribute& attribute) -> std::string {
    if (attribute.value.empty()) return "is empty";
    for (const auto& bound : kBounds)
      if (bound.type == attribute.type && characters_of(attribute.value) > bound.characters)
        return "is longer than " + std::to_string(bound.characters) + " characters";
    return {};
  });
}

std::string attribute_types(const Subject& subject) {
  return each_attribute(subject, [](const x509::Attribute& attribute) -> std::string {
    constexpr std::uint8_t kPrintable = 0x13, kIa5 = 0x16;
    constexpr std::size_t kCountrySize = 2;
    constexpr std::string_view kMore = " '()+,-./:=?";
    if (attribute.tag == kPrintable)
      for (const char c : text_of(attribute.value))
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              kMore.find(c) != std::string_view::npos))
          return "has a character that a PrintableString has not";
    if (attribute.type == oid::kCountry && (attribute.tag != kPrintable || attribute.value.size() != kCountrySize))
      return "is not a PrintableString of two letters (ISO 3166)";
    if (attribute.type == oid::kSerialNumber && attribute.tag != kPrintable) return "is no PrintableString";
    if (attribute.type == oid::kEmailAddress && attribute.tag != kIa5) return "is no IA5String";
    return {};
  });
}

std::string text_types(const Subject& subject) {
  return each_attribute(subject, [](const x509::Attribute& attribute) -> std::string {
    constexpr std::uint8_t kTeletex = 0x14, kUniversal = 0x1c, kBmp = 0x1e;
    return attribute.tag == kTeletex || attribute.tag == kUniversal || attribute.tag == kBmp
               ? "is no UTF8String or PrintableString"
               : "";
  });
}

constexpr Rule kRules[]{
    {"names.alternative", Severity::error, "RFC 5280 4.2.1.6", true, &alternative_names},
    {"name-constraints.base", Severity::error, "RFC 5280 4.2.1.10", true, &constraint_bases},
    {"name-constraints.bounds", Severity::error, "RFC 5280 4.2.1.10", true, &constraint_bounds},
    {"names.sizes", Severity::error, "RFC 5280 appendix A.1", false, &attribute_sizes},
    {"names.types", Severity::error, "RFC 5280 appendix A.1", false, &attribute_types},
    {"names.text", Severity::warning, "RFC 5280 4.1.2.4", false, &text_types},
};

}  // namespace

std::span<const Rule> name_rules() { return kRules; }

}  // namespace hf::pki
