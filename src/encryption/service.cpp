#include "encryption/service.h"

#include <algorithm>
#include <map>

#include "crypto/random.h"
#include "keys/json_fields.h"

namespace hf::encryption {
namespace {

constexpr std::size_t kNameMax = 64, kTextMax = 256, kPrefixMin = 8, kDigest = 64;

Result<void> check_name(std::string_view what, std::string_view name) {
  const bool ok = !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == ':' || c == '@';
  });
  if (ok) return {};
  return fail(
      ErrorKind::invalid, "HF-ENCRYPT-0011",
      std::string(what) + " is 1 to 64 letters, digits and -_.:@, not '" + std::string(name.substr(0, kNameMax)) + "'");
}
Result<void> check_text(std::string_view what, std::string_view text) {
  if (!text.empty() && text.size() <= kTextMax && keys::is_plain(text)) return {};
  return fail(ErrorKind::invalid, "HF-ENCRYPT-0011",
              std::string(what) + " is a text of 1 to 256 bytes without control characters");
}

auto no_key(std::string_view name) {
  return fail(ErrorKind::not_found, "HF-ENCRYPT-0001",
              "there is no encryption key '" + std::string(name) + "'; 'holdfast encrypt show' lists them");
}

// What a wrapped content key is bound to: its row cannot be used for another artifact.
Bytes context_of(const ContentKey& key, const crypto::Kek& kek) {
  const auto text = "holdfast content key\n" + key.artifact_sha256 + "\n" + std::to_string(key.bits) + "\n" +
                    to_hex(kek.fingerprint) + "\n";
  return {bytes_of(text).begin(), bytes_of(text).end()};
}

Result<std::string> digest_of(const keys::SourceFile& file) {
  HF_TRY(const auto digest, file.digest(crypto::Digest::sha256, 0, file.size()));
  return to_hex(digest);
}

Result<EncryptionKey> key_named(const Store& store, std::string_view name) {
  HF_TRY(auto key, store.key(name));
  if (!key) return no_key(name);
  return *std::move(key);
}

// The groups that a person may wrap for: the newest word of each holds.
Result<std::map<std::string, bool, std::less<>>> groups_of(const Store& store, std::int64_t key,
                                                           std::string_view person) {
  HF_TRY(const auto permits, store.permits_of(key, person));
  std::map<std::string, bool, std::less<>> groups;
  for (const auto& permit : permits) groups[permit.group] = permit.allowed;
  return groups;
}

auto not_permitted(const ledger::Actor& actor, std::string_view key, std::string_view group) {
  const auto whom = group.empty() ? std::string("anybody") : "the group '" + std::string(group) + "'";
  return fail(ErrorKind::forbidden, "HF-ENCRYPT-0012",
              actor.name + " may not wrap content keys of '" + std::string(key) + "' for " + whom +
                  ": 'holdfast encrypt permit' says who may");
}

// Who the file is for; the same question before the file is written and in the transaction that records it.
Result<std::vector<Recipient>> recipients_of(const Store& store, const EncryptOrder& order, const ContentKey& key,
                                             const ledger::Actor& actor) {
  std::map<std::string, Recipient, std::less<>> chosen;
  if (!order.group.empty()) {
    HF_TRY(auto members, store.recipients(order.group));
    for (auto& member : members)
      if (!member.revocation) chosen.emplace(member.name, std::move(member));
  }
  for (const auto& name : order.recipients) {
    HF_TRY(auto recipient, store.recipient(name));
    if (!recipient)
      return fail(ErrorKind::not_found, "HF-ENCRYPT-0002",
                  "there is no recipient '" + name + "'; 'holdfast encrypt add-recipient' makes one");
    if (recipient->revocation)
      return fail(ErrorKind::conflict, "HF-ENCRYPT-0015",
                  "the key of recipient '" + name + "' was revoked: " + recipient->revocation->reason);
    chosen.emplace(name, *std::move(recipient));
  }
  if (chosen.empty())
    return fail(ErrorKind::invalid, "HF-ENCRYPT-0015",
                order.group.empty() ? "name recipients or a group"
                                    : "the group '" + order.group + "' has no recipient that is not revoked");
  HF_TRY(const auto groups, groups_of(store, key.key_id, actor.name));
  std::vector<Recipient> recipients;
  for (auto& [name, recipient] : chosen) {
    const auto own = groups.find(recipient.group), any = groups.find("*");
    const bool allowed = own != groups.end() ? own->second : any != groups.end() && any->second;
    if (!allowed) return not_permitted(actor, key.key, recipient.group);
    if (recipient.key.spki.empty())
      return fail(ErrorKind::internal, "HF-ENCRYPT-0016", "the row of recipient '" + name + "' holds another key");
    recipients.push_back(std::move(recipient));
  }
  return recipients;
}

// One entry for so many recipients: an entry has at most 65,535 bytes, of which each takes some 250.
Result<void> record(ledger::Transaction& transaction, const ContentKey& key, Use& use,
                    std::span<const Recipient> recipients) {
  constexpr std::size_t kOfEntry = 100;
  use.wrapped_at = transaction.now();
  std::int64_t use_id = 0;
  while (!recipients.empty()) {
    const auto part = recipients.first(std::min(kOfEntry, recipients.size()));
    recipients = recipients.subspan(part.size());
    std::vector<std::string> subjects{"artifact:" + key.artifact_sha256, "encryption-key:" + key.key};
    JsonArray names;
    for (const auto& recipient : part) {
      subjects.push_back("recipient-key:" + recipient.fingerprint);
      names.emplace_back(recipient.name);
      use.recipients.push_back(recipient.name);
    }
    HF_TRY(const auto entry,
           transaction.append(
               "encryption.wrapped", std::move(subjects),
               {{"file", use.file_name}, {"file_sha256", use.file_sha256}, {"form", use.form}, {"recipients", names}}));
    if (use_id == 0) {
      HF_TRY(use_id, insert_use(transaction, entry, key.id, use));
    }
    HF_CHECK(insert_wraps(transaction, entry, use_id, part));
  }
  return {};
}

}  // namespace

Result<std::vector<EncryptionKey>> Register::keys() const {
  return database_.read([](const db::Reader& reader) { return Store(reader).keys(); });
}
Result<std::vector<Permit>> Register::permits(std::string_view name) const {
  return database_.read([&](const db::Reader& reader) -> Result<std::vector<Permit>> {
    const Store store(reader);
    HF_TRY(const auto key, key_named(store, name));
    return store.permits(key.id);
  });
}
Result<std::vector<Recipient>> Register::recipients(std::string_view group) const {
  return database_.read([&](const db::Reader& reader) { return Store(reader).recipients(group); });
}
Result<std::vector<Recipient>> Register::recipients_after(std::string_view group, std::string_view name,
                                                          std::int64_t limit) const {
  return database_.read([&](const db::Reader& reader) { return Store(reader).recipients_after(group, name, limit); });
}
Result<Recipient> Register::recipient(std::string_view name) const {
  return database_.read([&](const db::Reader& reader) -> Result<Recipient> {
    HF_TRY(auto found, Store(reader).recipient(name));
    if (!found) {
      HF_TRY(found, Store(reader).recipient_with(name));
    }
    if (!found)
      return fail(ErrorKind::not_found, "HF-ENCRYPT-0002",
                  "there is no recipient of the name or fingerprint '" + std::string(name) + "'");
    return *std::move(found);
  });
}
Result<ContentKeySight> Register::content_key(std::string_view artifact) const {
  return database_.read([&](const db::Reader& reader) -> Result<ContentKeySight> {
    const Store store(reader);
    const auto none = [&] {
      return fail(ErrorKind::not_found, "HF-ENCRYPT-0003",
                  "there is no one content key of an artifact with the SHA-256 '" + std::string(artifact) +
                      "': give 8 digits or more; 'holdfast encrypt show' lists them");
    };
    if (artifact.size() < kPrefixMin || artifact.size() > kDigest) return none();
    HF_TRY(const auto digests, store.artifacts_from(artifact));
    if (digests.size() != 1) return none();
    HF_TRY(auto key, store.content_key(digests.front()));
    if (!key) return none();
    HF_TRY(auto uses, store.uses(key->id));
    return ContentKeySight{*std::move(key), std::move(uses)};
  });
}
Result<std::vector<ContentKey>> Register::content_keys(std::int64_t before, std::int64_t limit) const {
  return database_.read([&](const db::Reader& reader) { return Store(reader).content_keys(before, limit); });
}
Result<std::vector<Exposure>> Register::exposed_to(std::string_view name) const {
  HF_TRY(const auto found, recipient(name));
  return database_.read([&](const db::Reader& reader) { return Store(reader).exposures(found.id); });
}

Result<EncryptionKey> Service::create_key(std::string_view name, std::string_view environment,
                                          const ledger::Actor& actor) {
  HF_CHECK(check_name("the name of an encryption key", name));
  HF_TRY(const auto there, database_.read([&](const db::Reader& reader) { return Store(reader).key(name); }));
  if (there)
    return fail(ErrorKind::conflict, "HF-ENCRYPT-0010",
                "there is an encryption key '" + std::string(name) + "' already");
  // In the token first: a row would promise a key. Whatever is interrupted here leaves a key in the token that wraps
  // nothing, and the label taken.
  HF_TRY(auto kek, token_.generate(name));
  EncryptionKey key{.name = std::string(name), .environment = std::string(environment), .kek = std::move(kek)};
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<EncryptionKey> {
    HF_TRY(const auto entry, transaction.append("encryption.key_created", {"encryption-key:" + key.name},
                                                {{"class", "encryption"},
                                                 {"environment", key.environment},
                                                 {"fingerprint", to_hex(key.kek.fingerprint)}}));
    HF_CHECK(insert_key(transaction, entry, key));
    return key_named(Store(transaction.db()), name);
  });
}

Result<void> Service::permit(std::string_view name, const Permit& permit, const ledger::Actor& actor) {
  HF_CHECK(check_name("a person", permit.person));
  if (permit.group != "*") HF_CHECK(check_name("a group", permit.group));
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto key, key_named(Store(transaction.db()), name));
    HF_TRY(const auto entry,
           transaction.append(permit.allowed ? "encryption.permitted" : "encryption.permit_ended",
                              {"encryption-key:" + key.name}, {{"group", permit.group}, {"person", permit.person}}));
    return insert_permit(transaction, entry, key.id, permit);
  });
}

Result<Recipient> Service::add_recipient(std::string_view name, std::string_view group, crypto::RecipientKey key,
                                         const ledger::Actor& actor) {
  HF_CHECK(check_name("a recipient's name", name));
  if (name.size() == kDigest && from_hex(name))  // recipients are asked for by either
    return fail(ErrorKind::invalid, "HF-ENCRYPT-0011", "a recipient's name is not the fingerprint of a key");
  HF_CHECK(check_name("a group", group));
  Recipient recipient{.name = std::string(name), .group = std::string(group)};
  recipient.fingerprint = to_hex(key.fingerprint());
  recipient.key = std::move(key);
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<Recipient> {
    const Store store(transaction.db());
    HF_TRY(const auto named, store.recipient(name));
    HF_TRY(const auto same, store.recipient_with(recipient.fingerprint));
    // One key under two names would be revoked under one and wrapped for under the other.
    if (named || same)
      return fail(ErrorKind::conflict, "HF-ENCRYPT-0010",
                  "the recipient '" + (named ? named->name : same->name) + "' has this " + (named ? "name" : "key") +
                      " already, in the group '" + (named ? named->group : same->group) + "'");
    HF_TRY(const auto entry,
           transaction.append("encryption.recipient_added",
                              {"recipient:" + recipient.name, "recipient-key:" + recipient.fingerprint},
                              {{"algorithm", name_of(recipient.key.algorithm)}, {"group", recipient.group}}));
    HF_CHECK(insert_recipient(transaction, entry, recipient));
    HF_TRY(auto stored, store.recipient(name));
    return *std::move(stored);
  });
}

Result<Recipient> Service::revoke_recipient(std::string_view name, std::string_view reason,
                                            const ledger::Actor& actor) {
  HF_CHECK(check_text("the reason", reason));
  HF_TRY(const auto found, recipient(name));
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<Recipient> {
    const Store store(transaction.db());
    HF_TRY(auto now, store.recipient(found.name));
    if (now && now->revocation)
      return fail(ErrorKind::conflict, "HF-ENCRYPT-0013", "the recipient '" + found.name + "' is revoked already");
    HF_TRY(const auto entry,
           transaction.append("encryption.recipient_revoked",
                              {"recipient:" + found.name, "recipient-key:" + found.fingerprint}, {{"reason", reason}}));
    HF_CHECK(insert_revocation(transaction, entry, found.id, reason));
    HF_TRY(auto stored, store.recipient(found.name));
    return *std::move(stored);
  });
}

Result<ContentKey> Service::make_content_key(const NewContentKey& wanted, const ledger::Actor& actor) {
  HF_CHECK(check_text("the product", wanted.product));
  HF_CHECK(check_text("the version", wanted.version));
  HF_TRY(const auto artifact, keys::SourceFile::open(wanted.artifact));
  ContentKey made{.product = wanted.product,
                  .version = wanted.version,
                  .artifact_name = wanted.artifact.filename().string(),
                  .bits = wanted.bits,
                  .origin = "generated",
                  .creator = actor.name};
  HF_CHECK(check_text("the artifact's file name", made.artifact_name));
  HF_TRY(made.artifact_sha256, digest_of(artifact));
  HF_TRY(auto brought, content_key_in(artifact));
  if (brought) made.origin = "bundle", made.bits = std::int64_t(brought->size()) * 8;
  const auto secret = brought ? *std::move(brought) : crypto::random_secret(std::size_t(made.bits) / 8);

  HF_TRY(const auto key, database_.read([&](const db::Reader& reader) -> Result<EncryptionKey> {
    const Store store(reader);
    HF_TRY(auto found, key_named(store, wanted.key));
    HF_TRY(const auto groups, groups_of(store, found.id, actor.name));
    if (std::ranges::none_of(groups, [](const auto& group) { return group.second; }))
      return not_permitted(actor, found.name, "");
    return found;
  }));
  made.key_id = key.id, made.key = key.name;
  HF_TRY(made.wrapped, token_.wrap(key.kek, secret.bytes(), context_of(made, key.kek)));
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<ContentKey> {
    const Store store(transaction.db());
    HF_TRY(const auto there, store.content_key(made.artifact_sha256));
    if (there)
      return fail(ErrorKind::conflict, "HF-ENCRYPT-0014",
                  "the artifact has a content key already, for " + there->product + " " + there->version);
    HF_TRY(const auto entry,
           transaction.append(
               "encryption.content_key_made", {"artifact:" + made.artifact_sha256, "encryption-key:" + key.name},
               {{"bits", made.bits}, {"origin", made.origin}, {"product", made.product}, {"version", made.version}}));
    HF_CHECK(insert_content_key(transaction, entry, made));
    HF_TRY(auto stored, store.content_key(made.artifact_sha256));
    return *std::move(stored);
  });
}

Result<Encrypted> Service::encrypt(const EncryptOrder& order, const ledger::Actor& actor) {
  const auto* form = find_form(order.form);
  if (!form) return fail(ErrorKind::invalid, "HF-ENCRYPT-0020", "there is no form '" + order.form + "'");
  HF_CHECK(check_text("the file's name", order.out.filename().string()));
  HF_TRY(const auto artifact, keys::SourceFile::open(order.artifact));
  HF_TRY(const auto sha256, digest_of(artifact));
  struct Found {
    ContentKey content;
    EncryptionKey key;
    std::vector<Recipient> recipients;
  };
  HF_TRY(auto found, database_.read([&](const db::Reader& reader) -> Result<Found> {
    const Store store(reader);
    HF_TRY(auto content, store.content_key(sha256));
    if (!content)
      return fail(
          ErrorKind::not_found, "HF-ENCRYPT-0003",
          "this very file (SHA-256 " + sha256 + ") has no content key: 'holdfast encrypt content-key' makes one");
    HF_TRY(auto key, key_named(store, content->key));
    HF_TRY(auto recipients, recipients_of(store, order, *content, actor));
    return Found{*std::move(content), std::move(key), std::move(recipients)};
  }));
  Recipients keys_of_recipients;
  for (const auto& recipient : found.recipients) keys_of_recipients.push_back(recipient.key);

  Encrypted done{.key = found.content, .use = {}, .beside = {}};
  HF_TRY(auto out, keys::TargetFile::create(order.out));
  std::optional<keys::TargetFile> beside;
  if (!form->beside.empty()) {
    done.beside = order.out.string() + std::string(form->beside);
    HF_TRY(auto second, keys::TargetFile::create(done.beside));
    beside.emplace(std::move(second));
  }
  {
    HF_TRY(const auto key,
           token_.unwrap(found.key.kek, found.content.wrapped, context_of(found.content, found.key.kek)));
    HF_CHECK(form->encrypt(artifact, key.bytes(), keys_of_recipients, out, beside ? &*beside : nullptr));
  }
  // The same descriptor, but a file that is written meanwhile could have been another.
  HF_TRY(const auto after, digest_of(artifact));
  if (after != sha256) return bad_artifact("the artifact changed while it was encrypted");
  HF_TRY(const auto written, keys::SourceFile::open(out.path()));
  HF_TRY(const auto file_sha256, digest_of(written));
  done.use = {
      .form = order.form, .file_name = order.out.filename().string(), .file_sha256 = file_sha256, .person = actor.name};
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto recipients, recipients_of(Store(transaction.db()), order, found.content, actor));
    if (!std::ranges::equal(recipients, found.recipients, {}, &Recipient::fingerprint, &Recipient::fingerprint))
      return fail(ErrorKind::conflict, "HF-ENCRYPT-0017", "the recipients changed meanwhile: encrypt again");
    return record(transaction, found.content, done.use, recipients);
  }));
  if (beside) HF_CHECK(beside->keep());
  HF_CHECK(out.keep());
  return done;
}

}  // namespace hf::encryption
