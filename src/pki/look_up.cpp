#include "pki/look_up.h"

#include <algorithm>
#include <charconv>

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;

constexpr std::size_t kSerialMin = 4, kTextMax = 512, kChainMax = 10;
constexpr auto kNewest = std::numeric_limits<std::int64_t>::max();

auto refuse(std::string why) { return fail(ErrorKind::invalid, "HF-PKI-0050", std::move(why)); }

Result<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc() || end != text.data() + text.size())
    return refuse("the cursor is not one that this list gave; begin without it");
  return number;
}

// What was typed of a serial number, without colons and in lower case; empty: it is none.
std::string hex_of(std::string_view text) {
  std::string hex;
  for (const char c : to_lower(text)) {
    if (c == ':') continue;
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return {};
    hex += c;
  }
  return hex;
}

// Those above a certificate, from its issuer on. One whose issuer is outside of the register ends it.
std::vector<ChainLink> chain_of(const Certificate& leaf, const std::vector<Authority>& all, bool& complete) {
  std::vector<ChainLink> chain;
  const auto* at = &leaf;
  complete = Subject(*at).self_signed;
  while (!complete && chain.size() < kChainMax) {
    const auto issuer = std::ranges::find_if(
        all, [&](const Authority& one) { return is_issued_by(*at, one) && &one.certificate != at; });
    if (issuer == all.end()) break;
    chain.push_back(
        {issuer->stored.subject, issuer->stored.sha256, issuer->stored.name, issuer->certificate.validity.not_after});
    at = &issuer->certificate;
    complete = Subject(*at).self_signed;
  }
  return chain;
}

}  // namespace

Result<std::int64_t> LookUp::id_of(std::string_view authority) const {
  HF_TRY(const auto found,
         database_.read([&](const db::Reader& reader) { return Store(reader).authority(authority); }));
  if (!found) return fail(no_authority(authority));
  return found->id;
}

Result<CertificateLines> LookUp::certificates(const CertificateQuery& query, const std::vector<std::string>& after,
                                              std::int64_t limit) const {
  if (query.text.size() > kTextMax || query.text.find('\0') != query.text.npos)
    return refuse("what is looked for has at most 512 bytes");
  std::int64_t ca = 0, last = 0;
  if (!query.authority.empty()) {
    HF_TRY(ca, id_of(query.authority));
  }
  if (query.ending_before && (ca == 0 || !query.text.empty()))
    return refuse("those that end are listed of one CA, and without a text to look for");
  const auto page_after = after.size() == 2 ? after : std::vector<std::string>{"", ""};
  if (after.size() == 2) {
    HF_TRY(last, number_of(after[1]));
  }
  const auto now = registry_.now();
  return database_.read([&](const db::Reader& reader) -> Result<CertificateLines> {
    const LookUpStore store(reader);
    CertificateLines page;
    const auto paged = [&](const auto& key) {
      if (std::int64_t(page.items.size()) == limit)
        page.next = std::vector{key(page.items.back()), std::to_string(page.items.back().id)};
    };
    if (query.ending_before) {
      std::int64_t from = now.time_since_epoch().count();
      if (after.size() == 2) {
        HF_TRY(from, number_of(after[0]));
      }
      HF_TRY(page.items, store.ending(ca, Time(std::chrono::microseconds(from)), last, *query.ending_before, limit));
      paged([](const CertificateLine& one) { return std::to_string(one.not_after.time_since_epoch().count()); });
      return page;
    }
    if (query.text.empty()) {
      const auto before = after.size() == 2 ? last : kNewest;
      HF_TRY(page.items, ca == 0 ? store.newest(before, limit) : store.newest_of(ca, before, limit));
      paged([](const CertificateLine&) { return std::string(); });
      return page;
    }
    const auto hex = hex_of(query.text);
    if (hex.size() == 64) {
      HF_TRY(page.items, store.with_digest(hex));
      if (page.items.empty()) {
        HF_TRY(page.items, store.with_key(hex, limit));
      }
    }
    if (page.items.empty() && hex.size() >= kSerialMin && after.empty()) {
      HF_TRY(const auto all, Store(reader).authorities());
      for (const auto& one : all) {
        if (ca != 0 && one.id != ca) continue;
        HF_TRY(auto found, store.with_serial(one.id, hex, limit - std::int64_t(page.items.size())));
        for (auto& line : found) page.items.push_back(std::move(line));
        if (std::int64_t(page.items.size()) == limit) break;
      }
    }
    if (!page.items.empty()) {
      if (ca != 0)
        std::erase_if(page.items, [&](const CertificateLine& one) { return one.authority != query.authority; });
      return page;
    }
    for (const auto* attribute : {"", "CN=", "serialNumber="}) {
      const auto beginning = attribute + query.text;
      if (!page_after[0].empty() && !page_after[0].starts_with(beginning)) continue;
      HF_TRY(page.items, store.with_subject(beginning, page_after[0], last, limit));
      if (page.items.empty()) continue;
      paged([](const CertificateLine& one) { return one.subject; });
      if (ca != 0)
        std::erase_if(page.items, [&](const CertificateLine& one) { return one.authority != query.authority; });
      break;
    }
    return page;
  });
}

Result<CertificateSight> LookUp::certificate(std::string_view authority, std::string_view serial) const {
  CertificateSight sight;
  HF_TRY(sight.issuer, registry_.authority(authority));
  HF_TRY(sight.stored, registry_.certificate(authority, serial));
  HF_TRY(const auto standing, registry_.standing(sight.stored.ca_id, sight.stored.serial));
  sight.revoked = standing.revoked;
  HF_TRY(sight.certificate, x509::certificate_of(sight.stored.der));
  HF_TRY(const auto all, registry_.all());
  sight.chain = chain_of(sight.certificate, all, sight.complete);
  const auto own = std::ranges::find(all, sight.stored.sha256, [](const Authority& one) { return one.stored.sha256; });
  if (own != all.end()) sight.own_authority = own->stored.name;
  const Subject judged(sight.certificate);
  sight.findings = lint(judged);
  if (const auto* profile = sight.issuer.profile(sight.stored.profile))
    for (auto& finding : check_profile(judged, *profile)) sight.findings.push_back(std::move(finding));
  return sight;
}

Result<AuthorityDetail> LookUp::authority(std::string_view name) const {
  HF_TRY(auto sights, registry_.authorities());
  AuthorityDetail detail;
  const auto found =
      std::ranges::find(sights, name, [](const AuthoritySight& one) { return one.authority.stored.name; });
  if (found == sights.end()) return fail(no_authority(name));
  HF_TRY(const auto all, registry_.all());
  detail.chain = chain_of(found->authority.certificate, all, detail.complete);
  detail.sight = std::move(*found);
  const auto& row = detail.sight.authority.stored;
  const auto now = registry_.now();
  HF_CHECK(database_.read([&](const db::Reader& reader) -> Result<void> {
    const Store store(reader);
    for (std::int64_t shard = 0; shard < row.shards; ++shard) {
      ShardSight one{.shard = shard};
      HF_TRY(one.crl, store.newest_crl(row.id, shard));
      one.stale = std::ranges::find(detail.sight.crls.stale, shard) != detail.sight.crls.stale.end();
      detail.shards.push_back(std::move(one));
    }
    HF_TRY(detail.counts, LookUpStore(reader).counts(row.id, now, now + kEndingSoon));
    return {};
  }));
  return detail;
}

Result<std::vector<StoredCrl>> LookUp::crls(std::string_view authority, std::int64_t below, std::int64_t limit) const {
  HF_TRY(const auto ca, id_of(authority));
  return database_.read([&](const db::Reader& reader) { return LookUpStore(reader).crls(ca, below, limit); });
}

Result<std::vector<LookUpStore::Revoked>> LookUp::revocations(std::string_view authority, std::int64_t before,
                                                              std::int64_t limit) const {
  HF_TRY(const auto ca, id_of(authority));
  return database_.read([&](const db::Reader& reader) { return LookUpStore(reader).revocations(ca, before, limit); });
}

Result<StoredCrl> LookUp::published_crl(std::string_view authority, std::int64_t shard) const {
  HF_TRY(const auto ca, id_of(authority));
  HF_TRY(auto crl,
         database_.read([&](const db::Reader& reader) { return LookUpStore(reader).newest_crl_whole(ca, shard); }));
  if (!crl)
    return fail(ErrorKind::not_found, "HF-PKI-0051",
                "the CA " + std::string(authority) + " has made no such CRL yet: holdfast pki crl");
  return *std::move(crl);
}

}  // namespace hf::pki
