#include "pki/names.h"

#include <arpa/inet.h>
#include <algorithm>
#include <array>

#include "base/text.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
using Kind = GeneralName::Kind;

constexpr std::size_t kV4 = 4, kV6 = 16;

bool ends_with_host(std::string_view host, std::string_view suffix) {
  if (host.size() < suffix.size() || to_lower(host.substr(host.size() - suffix.size())) != to_lower(suffix))
    return false;
  return host.size() == suffix.size() || suffix.empty() || host[host.size() - suffix.size() - 1] == '.';
}

std::string_view host_of_mailbox(std::string_view mailbox) { return mailbox.substr(mailbox.find('@') + 1); }

// Of a URI with an authority: without user and port. Empty if there is none.
std::string_view host_of_uri(std::string_view uri) {
  const auto at = uri.find("://");
  if (at == std::string_view::npos) return {};
  auto host = uri.substr(at + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto user = host.rfind('@'); user != std::string_view::npos) host.remove_prefix(user + 1);
  if (!host.empty() && host.front() == '[') return {};  // an address has no place in a constraint on hosts
  host = host.substr(0, host.find(':'));
  // A last label of digits makes it an address too (WHATWG URL, 3.5).
  const auto last = host.substr(host.rfind('.') + 1);
  return !last.empty() && last.find_first_not_of("0123456789") == std::string_view::npos ? std::string_view() : host;
}

// ".example.com" is every host below, "example.com" that host alone: of URIs and of mailboxes (4.2.1.10).
bool host_matches(std::string_view host, std::string_view base) {
  if (!base.empty() && base.front() == '.')
    return host.size() > base.size() && to_lower(host.substr(host.size() - base.size())) == to_lower(base);
  return to_lower(host) == to_lower(base);
}

bool is_prefix_mask(ByteView mask) {
  bool ended = false;
  for (const auto byte : mask)
    for (int bit = 7; bit >= 0; --bit) {
      const bool set = (byte >> bit & 1) != 0;
      if (set && ended) return false;
      if (!set) ended = true;
    }
  return true;
}

bool address_matches(ByteView address, ByteView range) {
  if (range.size() != 2 * address.size()) return false;
  for (std::size_t i = 0; i < address.size(); ++i)
    if (((address[i] ^ range[i]) & range[address.size() + i]) != 0) return false;
  return true;
}

// What a constraint of a form that is not processed does to a name of that form: 4.2.1.10 has it refused.
enum class Match { no, yes, not_processed };

Match matches(const GeneralName& name, const x509::Subtree& tree) {
  if (!tree.plain) return Match::not_processed;
  const auto text = text_of(name.value), base = text_of(tree.base.value);
  const auto answer = [](bool yes) { return yes ? Match::yes : Match::no; };
  switch (name.kind) {
    case Kind::dns_name: return answer(ends_with_host(text, base));
    case Kind::rfc822_name:
      if (base.find('@') == std::string_view::npos) return answer(host_matches(host_of_mailbox(text), base));
      return answer(text.substr(0, text.find('@')) == base.substr(0, base.find('@')) &&
                    to_lower(host_of_mailbox(text)) == to_lower(host_of_mailbox(base)));
    case Kind::uri: {
      const auto host = host_of_uri(text);
      return host.empty() ? Match::not_processed : answer(host_matches(host, base));
    }
    case Kind::ip_address: return answer(address_matches(name.value, tree.base.value));
    case Kind::directory_name: return answer(x509::is_within(*name.name, *tree.base.name));
    default: return Match::not_processed;
  }
}

// A wildcard stands for names that an excluded subtree below its parent may have, and for names outside of a permitted
// one: neither may be let through.
bool wildcard_reaches(std::string_view name, std::string_view base) {
  return name.starts_with("*.") && ends_with_host(base, name.substr(2)) && base.size() > name.size() - 2;
}

}  // namespace

bool is_host(std::string_view text, bool wildcard) {
  constexpr std::size_t kMax = 253, kLabelMax = 63;
  if (text.empty() || text.size() > kMax) return false;
  if (wildcard && text.starts_with("*.")) text.remove_prefix(2);
  for (const auto label : split(text, '.')) {
    if (label.empty() || label.size() > kLabelMax || label.front() == '-' || label.back() == '-') return false;
    for (const char c : label)
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
        return false;
  }
  return true;
}

bool is_mailbox(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos || at == 0 || text.find('@', at + 1) != std::string_view::npos) return false;
  const auto local = text.substr(0, at);
  return std::ranges::all_of(local, [](char c) { return c > ' ' && c < 0x7f; }) && is_host(text.substr(at + 1), false);
}

std::string fault_of_name(const GeneralName& name) {
  const auto text = text_of(name.value);
  const auto bad = [&](std::string_view why) { return name.text() + " " + std::string(why); };
  switch (name.kind) {
    case Kind::dns_name: return is_host(text, true) ? "" : bad("is no host name");
    case Kind::rfc822_name: return is_mailbox(text) ? "" : bad("is no mailbox");
    case Kind::uri: {
      const auto colon = text.find(':');
      const bool scheme = colon != std::string_view::npos && colon > 0 && text.size() > colon + 1;
      const bool ascii = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
      return scheme && ascii ? "" : bad("is no URI with a scheme");
    }
    case Kind::ip_address:
      return name.value.size() == kV4 || name.value.size() == kV6 ? "" : bad("is not of 4 or 16 octets");
    case Kind::directory_name: return name.name->empty() ? bad("is empty") : "";
    case Kind::registered_id: return x509::oid_text(name.value) ? "" : bad("is no object identifier");
    default: return {};
  }
}

std::string fault_of_constraint(const GeneralName& base) {
  auto text = text_of(base.value);
  const auto bad = [&](std::string_view why) { return "the constraint " + base.text() + " " + std::string(why); };
  switch (base.kind) {
    case Kind::dns_name: return text.empty() || is_host(text, false) ? "" : bad("is no host name");
    case Kind::rfc822_name:
      if (is_mailbox(text)) return {};
      [[fallthrough]];
    case Kind::uri:
      if (text.starts_with('.')) text.remove_prefix(1);
      return is_host(text, false) ? "" : bad("is no host name, nor one with a leading period");
    case Kind::ip_address: {
      const auto size = base.value.size();
      if (size != 2 * kV4 && size != 2 * kV6) return bad("is not an address and a mask of 8 or 32 octets");
      return is_prefix_mask(base.value.subspan(size / 2)) ? "" : bad("has a mask that is no prefix (RFC 4632)");
    }
    default: return {};
  }
}

void NameSpace::narrow(const x509::NameConstraints& constraints) {
  if (!constraints.permitted.empty()) permitted_.push_back(constraints.permitted);
  excluded_.insert(excluded_.end(), constraints.excluded.begin(), constraints.excluded.end());
}

std::string NameSpace::outside(const GeneralName& name) const {
  const auto text = text_of(name.value);
  for (const auto& tree : excluded_) {
    if (tree.base.kind != name.kind) continue;
    const auto found = matches(name, tree);
    if (found == Match::not_processed) return name.text() + " is of a form whose constraint is not processed";
    if (found == Match::yes) return name.text() + " is excluded by " + tree.base.text();
    if (name.kind == Kind::dns_name && wildcard_reaches(text, text_of(tree.base.value)))
      return name.text() + " stands for names that " + tree.base.text() + " excludes";
  }
  for (const auto& list : permitted_) {
    bool of_form = false, inside = false;
    for (const auto& tree : list) {
      if (tree.base.kind != name.kind) continue;
      of_form = true;
      const auto found = matches(name, tree);
      if (found == Match::not_processed) return name.text() + " is of a form whose constraint is not processed";
      inside = inside || found == Match::yes;
    }
    if (of_form && !inside) return name.text() + " is not within what is permitted";
  }
  return {};
}

std::string NameSpace::outside(const Certificate& certificate) const {
  if (permitted_.empty() && excluded_.empty()) return {};
  if (!certificate.subject.empty()) {
    const GeneralName subject{Kind::directory_name, certificate.subject.der, certificate.subject};
    if (auto wrong = outside(subject); !wrong.empty()) return wrong;
  }
  // A mailbox in the subject counts where there is no subjectAltName (4.2.1.10).
  if (!certificate.subject_alternative_names)
    for (const auto& rdn : certificate.subject.rdns)
      for (const auto& attribute : rdn)
        if (attribute.type == x509::oid::kEmailAddress)
          if (auto wrong = outside(GeneralName{Kind::rfc822_name, attribute.value, {}}); !wrong.empty()) return wrong;
  if (certificate.subject_alternative_names)
    for (const auto& name : *certificate.subject_alternative_names)
      if (auto wrong = outside(name); !wrong.empty()) return wrong;
  return {};
}

bool is_for(const Certificate& certificate, std::string_view wanted) {
  std::array<std::uint8_t, kV6> address{};
  const std::string text(wanted);
  std::size_t size = 0;
  if (::inet_pton(AF_INET, text.c_str(), address.data()) == 1) size = kV4;
  else if (::inet_pton(AF_INET6, text.c_str(), address.data()) == 1) size = kV6;
  if (!certificate.subject_alternative_names) return false;
  return std::ranges::any_of(*certificate.subject_alternative_names, [&](const GeneralName& name) {
    if (size != 0)
      return name.kind == Kind::ip_address && std::ranges::equal(name.value, std::span(address).first(size));
    if (name.kind != Kind::dns_name) return false;
    const auto host = text_of(name.value);
    if (!host.starts_with("*.")) return to_lower(host) == to_lower(wanted);
    // One label, never a top one alone: "*.example.com" is for a.example.com.
    const auto dot = wanted.find('.');
    return dot != std::string_view::npos && dot > 0 && host.find('.', 2) != std::string_view::npos &&
           to_lower(wanted.substr(dot)) == to_lower(host.substr(1));
  });
}

}  // namespace hf::pki
