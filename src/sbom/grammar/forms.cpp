#include "sbom/grammar/forms.h"

#include <algorithm>
#include <array>
#include <string>

namespace hf::sbom::grammar {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool lower_hex(char c) { return digit(c) || (c >= 'a' && c <= 'f'); }
bool hex(char c) { return lower_hex(c) || (c >= 'A' && c <= 'F'); }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool alnum(char c) { return digit(c) || lower(c) || upper(c); }

template <class Pred>
bool all(std::string_view text, Pred pred) {
  return std::all_of(text.begin(), text.end(), pred);
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !lower_hex(text[i])) return false;
  }
  return true;
}

bool bom_link(std::string_view text) {
  if (!take(text, "urn:cdx:") || text.size() < 38 || !uuid(text.substr(0, 36)) || text[36] != '/') return false;
  text.remove_prefix(37);
  if (text.empty() || text[0] < '1' || text[0] > '9') return false;
  while (!text.empty() && digit(text.front())) text.remove_prefix(1);
  return text.empty() || (text.front() == '#' && text.size() > 1);
}

std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  if (at + digits > text.size()) return std::nullopt;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (!digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

int days_in(int year, int month) {
  static constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// RFC 3339 5.6: full-date "T" full-time. A second of 60 is a leap second.
bool date_time(std::string_view text, bool utc_only) {
  if (text.size() < 20) return false;
  const auto year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
  const auto hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return false;
  if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return false;
  if (text[10] != 'T' && (utc_only || (text[10] != 't' && text[10] != ' '))) return false;
  if (*month < 1 || *month > 12 || *day < 1 || *day > days_in(*year, *month)) return false;
  if (*hour > 23 || *minute > 59 || *second > 60) return false;
  auto rest = text.substr(19);
  if (utc_only) return rest == "Z";
  if (rest.front() == '.') {
    rest.remove_prefix(1);
    if (rest.empty() || !digit(rest.front())) return false;
    while (!rest.empty() && digit(rest.front())) rest.remove_prefix(1);
  }
  if (rest == "Z" || rest == "z") return true;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return false;
  const auto offset_hour = number(rest, 1, 2), offset_minute = number(rest, 4, 2);
  return offset_hour && offset_minute && *offset_hour <= 23 && *offset_minute <= 59;
}

bool iri_reference(std::string_view text) {
  return all(text, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != '<' && c != '>' && c != '"' && c != 0x7f;
  });
}

bool iri(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 < text.size();
}

bool element_iri(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kIndividuals{"NoAssertionElement", "NoneElement", "SpdxOrganization",
                                                                "expandedlicensing_NoAssertionLicense",
                                                                "expandedlicensing_NoneLicense"};
  return iri(text) || std::find(kIndividuals.begin(), kIndividuals.end(), text) != kIndividuals.end();
}

bool jsf_algorithm(std::string_view text) {
  static constexpr std::array<std::string_view, 14> kNames{"RS256", "RS384", "RS512", "PS256", "PS384",
                                                           "PS512", "ES256", "ES384", "ES512", "Ed25519",
                                                           "Ed448", "HS256", "HS384", "HS512"};
  return iri(text) || std::find(kNames.begin(), kNames.end(), text) != kNames.end();
}

bool decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto dot = text.find('.');
  return dot != 0 && !text.empty() && all(text.substr(0, dot), digit) &&
         (dot == std::string_view::npos || all(text.substr(dot + 1), digit));
}

bool email(std::string_view text) {
  const auto at = text.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && iri_reference(text);
}

bool media_type(std::string_view text, bool strict) {
  const auto slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size()) return false;
  if (!strict) return iri_reference(text.substr(0, slash));
  const auto part = [](char c) { return lower(c) || digit(c) || c == '-' || c == '+' || c == '.'; };
  return all(text.substr(0, slash), part) && all(text.substr(slash + 1), part);
}

bool hash(std::string_view text) {
  const auto n = text.size();
  return (n == 32 || n == 40 || n == 64 || n == 96 || n == 128) && all(text, hex);
}

bool locale(std::string_view text) {
  if (text.size() != 2 && text.size() != 5) return false;
  if (!lower(text[0]) || !lower(text[1])) return false;
  return text.size() == 2 || (text[2] == '-' && upper(text[3]) && upper(text[4]));
}

bool cre(std::string_view text) {
  if (!take(text, "CRE:")) return false;
  const auto dash = text.find('-');
  return dash != std::string_view::npos && dash > 0 && dash + 1 < text.size() && all(text.substr(0, dash), digit) &&
         all(text.substr(dash + 1), digit);
}

// Semantic Versioning 2.0.0, clause 2, 9 and 10.
bool semver(std::string_view text) {
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    if (plus + 1 == text.size()) return false;
    text = text.substr(0, plus);
  }
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    if (dash + 1 == text.size()) return false;
    text = text.substr(0, dash);
  }
  int parts = 0;
  while (true) {
    const auto dot = text.find('.');
    const auto part = text.substr(0, dot);
    if (part.empty() || !all(part, digit) || (part.size() > 1 && part[0] == '0')) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 3;
    text.remove_prefix(dot + 1);
  }
}

bool name_after(std::string_view text, std::string_view prefix, bool plus) {
  return take(text, prefix) && !text.empty() &&
         all(text, [plus](char c) { return alnum(c) || c == '.' || c == '-' || (plus && c == '+'); });
}

bool spdx_link(std::string_view text) {
  if (text == "NONE" || text == "NOASSERTION" || name_after(text, "SPDXRef-", false)) return true;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || !name_after(text.substr(0, colon), "DocumentRef-", true)) return false;
  return name_after(text.substr(colon + 1), "SPDXRef-", false);
}

bool agent(std::string_view text, bool tool) {
  for (const std::string_view prefix : {"Person:", "Organization:", "Tool:"})
    if ((tool || prefix != "Tool:") && text.starts_with(prefix))
      return text.find_first_not_of(' ', prefix.size()) != std::string_view::npos;
  return !tool && text == "NOASSERTION";
}

struct FormText {
  std::string_view name, description;
};
constexpr std::array<FormText, static_cast<std::size_t>(Form::last)> kTexts{{
    {"text", "a text"},
    {"text1", "a text that is not empty"},
    {"urn-uuid", "urn:uuid: and a UUID in lower case (RFC 9562)"},
    {"bom-link", "a BOM-Link: urn:cdx:UUID/VERSION#REF"},
    {"date-time", "an RFC 3339 time such as 2026-01-31T12:00:00Z"},
    {"iri-reference", "an IRI reference (RFC 3987): no spaces, controls, angle brackets or quotes"},
    {"email", "an e-mail address"},
    {"media-type", "a media type in lower case, type/subtype"},
    {"hash-digits", "32, 40, 64, 96 or 128 hexadecimal digits"},
    {"locale", "a language such as en or en-US"},
    {"cre", "a requirement of the form CRE:123-456"},
    {"iri", "an IRI with its scheme (RFC 3987)"},
    {"utc-time", "a time of the form YYYY-MM-DDThh:mm:ssZ"},
    {"semver", "a version of the form 1.2.3 (Semantic Versioning 2.0.0)"},
    {"spdx-ref", "SPDXRef- and letters, digits, '.' or '-'"},
    {"spdx-link", "SPDXRef-..., DocumentRef-...:SPDXRef-..., NONE or NOASSERTION"},
    {"document-ref", "DocumentRef- and letters, digits, '.', '+' or '-'"},
    {"license-ref", "LicenseRef- and letters, digits, '.' or '-'"},
    {"agent", "'Person: ' or 'Organization: ' and a name, or NOASSERTION"},
    {"creator", "'Person: ', 'Organization: ' or 'Tool: ' and a name"},
    {"hex", "hexadecimal digits"},
    {"decimal-digits", "a number"},
    {"element-iri", "an IRI with its scheme (RFC 3987) or an individual of the SPDX model"},
    {"any-media-type", "a media type, type/subtype"},
    {"jsf-algorithm", "a signature algorithm of RFC 7518 or RFC 8037, or an IRI"},
}};

}  // namespace

bool has_form(std::string_view text, Form form) {
  switch (form) {
    case Form::any:
    case Form::last: return true;
    case Form::nonempty: return !text.empty();
    case Form::urn_uuid: return take(text, "urn:uuid:") && uuid(text);
    case Form::bom_link: return bom_link(text);
    case Form::date_time: return date_time(text, false);
    case Form::iri_reference: return iri_reference(text);
    case Form::email: return email(text);
    case Form::media_type: return media_type(text, true);
    case Form::hash: return hash(text);
    case Form::locale: return locale(text);
    case Form::cre: return cre(text);
    case Form::iri: return iri(text);
    case Form::utc_time: return date_time(text, true);
    case Form::semver: return semver(text);
    case Form::spdx_ref: return name_after(text, "SPDXRef-", false);
    case Form::spdx_link: return spdx_link(text);
    case Form::document_ref: return name_after(text, "DocumentRef-", true);
    case Form::license_ref: return name_after(text, "LicenseRef-", false);
    case Form::agent: return agent(text, false);
    case Form::creator: return agent(text, true);
    case Form::hex: return !text.empty() && all(text, hex);
    case Form::decimal: return decimal(text);
    case Form::element_iri: return element_iri(text);
    case Form::media_type_any: return media_type(text, false);
    case Form::jsf_algorithm: return jsf_algorithm(text);
  }
  return false;
}

std::string_view describe(Form form) { return kTexts[static_cast<std::size_t>(form)].description; }

std::optional<Form> form_named(std::string_view name) {
  for (std::size_t i = 0; i < kTexts.size(); ++i)
    if (kTexts[i].name == name) return static_cast<Form>(i);
  return std::nullopt;
}

}  // namespace hf::sbom::grammar
