#include "factory/service.h"

#include <algorithm>

#include "crypto/random.h"
#include "crypto/verification.h"
#include "crypto/x509.h"
#include "keys/formats/dsse_envelope.h"
#include "keys/store.h"

namespace hf::factory {
namespace {

constexpr auto kWindow = std::chrono::hours(24 * 30);

auto unfit(std::string why) { return fail(ErrorKind::invalid, "HF-FACTORY-0005", std::move(why)); }

Result<BatchOrder> batch_of(const Store& store, const std::string& path) {
  HF_TRY(const auto batch, store.batch(path));
  if (!batch) return fail(ErrorKind::not_found, "HF-FACTORY-0002", "there is no batch '" + path + "' in the catalogue");
  return *batch;
}

// A batch is not authorised beyond its quantity, over all its authorisations and what came back of them.
Result<void> check_quantity(const Store& store, const FactoryAuthorisation& order) {
  HF_TRY(const auto batch, batch_of(store, order.batch));
  HF_TRY(const auto units, store.units_of_batch(order.batch));
  if (units + order.count > batch.authorised_quantity)
    return fail(ErrorKind::limit, "HF-FACTORY-0003",
                "the batch '" + order.batch + "' is for " + std::to_string(batch.authorised_quantity) + " units; " +
                    std::to_string(units) + " are authorised already");
  return {};
}

Result<void> check_product(const Store& store, const std::string& product) {
  HF_TRY(const auto there, store.has_product(product));
  if (!there) return unfit("there is no product '" + product + "' in the catalogue");
  return {};
}

// The key of the register that signed the envelope. Its name is only a hint until the signature holds.
Result<std::string> signer_of(const db::Reader& reader, const keys::Envelope& envelope) {
  const auto refuse = [] {
    return fail(ErrorKind::forbidden, "HF-FACTORY-0006",
                "the order is not signed by a key of the register that may sign factory-authorisation");
  };
  const keys::Store store(reader);
  HF_TRY(const auto name, store.key_with(envelope.hint));
  if (!name) return refuse();
  HF_TRY(const auto key, store.key(*name));
  if (!key ||
      std::ranges::find(key->charter.policy.formats, "factory-authorisation") == key->charter.policy.formats.end())
    return refuse();
  for (const auto& version : key->charter.versions) {
    if (version.state == keys::VersionState::compromised || to_hex(version.fingerprint) != envelope.hint) continue;
    HF_TRY(const auto row, store.version(key->id, version.version));
    const auto spki = from_hex(row ? row->spki : std::string());
    const auto known = crypto::public_key_of_spki(spki.value_or(Bytes()));
    if (known && keys::envelope_signer(envelope, keys::kFactoryOrderType, std::span(&*known, 1))) return *name;
  }
  return refuse();
}

}  // namespace

Result<std::optional<FactoryHold>> hold_on(const db::Reader& reader, const Scope& what) {
  HF_TRY(const auto holds, Store(reader).holds(what.product));
  for (const auto& one : holds)
    if (one.lives && stops(one.hold, what)) return std::optional(one.hold);
  return std::optional<FactoryHold>();
}

Result<void> check_not_held(const db::Reader& reader, const Scope& what) {
  HF_TRY(const auto hold, hold_on(reader, what));
  if (hold)
    return fail(ErrorKind::conflict, "HF-FACTORY-0004",
                "production is on hold (" + std::to_string(hold->sequence) + "): " + hold->reason +
                    "; 'holdfast factory resume' ends it");
  return {};
}

Result<FactoryAuthorisation> Service::propose(const Wish& wish) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
  const auto ca = crypto::x509::certificate_of(wish.ca);
  if (!ca || !ca->is_ca()) return unfit("the issuing CA's certificate is none");
  const auto profile = profile_digest(wish.profile);
  if (!profile) return unfit("there is no certificate profile '" + wish.profile + "'");
  return database_.read([&](const db::Reader& reader) -> Result<FactoryAuthorisation> {
    const Store store(reader);
    HF_TRY(const auto batch, batch_of(store, wish.batch));
    FactoryAuthorisation made{.id = to_hex(crypto::random_bytes(16)),
                              .product = batch.product,
                              .batch = wish.batch,
                              .release = wish.release ? wish.release : batch.release,
                              .factory = batch.factory,
                              .stations = wish.stations,
                              .profile = wish.profile,
                              .profile_sha256 = *profile,
                              .ca_sha256 = to_hex(crypto::sha256({wish.ca})),
                              .crls = wish.crls,
                              .ocsp = wish.ocsp,
                              .serials = wish.serials,
                              .not_before = wish.from.value_or(now),
                              .issued_at = now,
                              .policy = wish.policy,
                              .activation = wish.activation};
    made.not_after = wish.until.value_or(made.not_before + kWindow);
    for (std::size_t i = 0; i < made.stations.size(); ++i) {
      auto& station = made.stations[i];
      made.count += station.count;
      if (i < wish.epoch_given.size() && wish.epoch_given[i]) continue;
      HF_TRY(const auto epoch, store.last_epoch(station.key));
      station.epoch = epoch.value_or(0);
    }
    if (wish.flash && made.activation.flash_sha256.empty()) {
      if (!made.release) return unfit("the batch flashes no release: say --release, --flash-sha256 or --no-flash");
      HF_TRY(made.activation.flash_sha256, store.artifacts_of_release(*made.release));
      auto& digests = made.activation.flash_sha256;
      digests.erase(std::unique(digests.begin(), digests.end()), digests.end());
      if (digests.empty())
        return unfit("the release '" + *made.release + "' has no artifacts whose digests could be demanded");
    }
    HF_CHECK(check_not_held(reader, scope_of(made)));
    HF_CHECK(check_quantity(store, made));
    HF_TRY(made.sequence, store.last_sequence(made.factory));
    ++made.sequence;
    // Read back: what is signed is held against the same rules.
    HF_TRY(const auto read, keys::factory_order_of(bytes_of(keys::canonical(FactoryOrder(made)))));
    return std::get<FactoryAuthorisation>(read);
  });
}

Result<std::string> Service::register_order(ByteView file, const ledger::Actor& actor) {
  HF_TRY(const auto envelope, keys::read_envelope(file, keys::kFactoryOrderType));
  HF_TRY(const auto order, keys::factory_order_of(envelope.payload));
  const auto* const made = std::get_if<FactoryAuthorisation>(&order);
  const auto contradicts = [](std::string why) {
    return fail(ErrorKind::conflict, "HF-FACTORY-0007", "the order contradicts the register: " + std::move(why));
  };
  std::string name = made ? made->id : "hold " + std::to_string(std::get<FactoryHold>(order).sequence);
  // Known already: nothing is written.
  HF_TRY(const auto known, database_.read([&](const db::Reader& reader) -> Result<bool> {
    HF_CHECK(signer_of(reader, envelope));
    const Store store(reader);
    if (made) {
      HF_TRY(const auto stored, store.authorisation(made->id));
      if (stored && stored->authorisation != *made) return contradicts("another has its id");
      return stored.has_value();
    }
    HF_TRY(const auto stored, store.hold(std::get<FactoryHold>(order).sequence));
    if (!stored || stored->hold != std::get<FactoryHold>(order))
      return contradicts("no hold of its sequence says the same; 'holdfast factory hold' and 'resume' make them");
    return true;
  }));
  if (known) return name;
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<std::string> {
    const Store store(transaction.db());
    HF_TRY(const auto key, signer_of(transaction.db(), envelope));
    HF_CHECK(check_product(store, made->product));
    HF_CHECK(check_not_held(transaction.db(), scope_of(*made)));
    HF_TRY(const auto batch, batch_of(store, made->batch));
    if (batch.product != made->product || batch.factory != made->factory)
      return contradicts("the batch is of product " + batch.product + " at the factory " + batch.factory);
    HF_TRY(const auto last, store.last_sequence(made->factory));
    if (made->sequence <= last)
      return contradicts("its sequence " + std::to_string(made->sequence) + " is not above " + std::to_string(last));
    HF_CHECK(check_quantity(store, *made));
    HF_TRY(const auto entry,
           transaction.append("factory.authorised",
                              {"batch:" + made->batch, "product:" + made->product, "authorisation:" + made->id},
                              {{"factory", made->factory},
                               {"sequence", made->sequence},
                               {"units", made->count},
                               {"order_sha256", to_hex(crypto::sha256({envelope.payload}))},
                               {"key", key}}));
    HF_CHECK(insert_authorisation(transaction, entry, *made, key, text_of(file)));
    return name;
  });
}

Result<StoredHold> Service::order_hold(FactoryHold hold, const ledger::Actor& actor) {
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<StoredHold> {
    const Store store(transaction.db());
    HF_CHECK(check_product(store, hold.product));
    if (hold.ends) {
      HF_TRY(const auto ended, store.hold(*hold.ends));
      if (!ended || !ended->lives)
        return fail(ErrorKind::not_found, "HF-FACTORY-0008",
                    "no hold " + std::to_string(*hold.ends) + " lives; 'holdfast factory list' shows those that do");
      hold.product = ended->hold.product, hold.batch = ended->hold.batch;
      hold.release = ended->hold.release, hold.factory = ended->hold.factory;
    }
    HF_TRY(hold.sequence, store.last_hold_sequence());
    ++hold.sequence;
    hold.issued_at = std::chrono::floor<std::chrono::seconds>(transaction.now());
    // What a station will read of it must be readable.
    HF_CHECK(keys::factory_order_of(bytes_of(keys::canonical(FactoryOrder(hold)))));
    HF_TRY(auto live, store.live_of(hold.product, transaction.now()));
    std::erase_if(live, [&](const auto& one) { return !stops(hold, scope_of(one.authorisation)); });
    constexpr std::size_t kNamedMax = 200;  // in the entry, which a tile must hold; the rows name all
    std::vector<std::string> subjects{"product:" + hold.product};
    for (const auto& one : live)
      if (subjects.size() <= kNamedMax) subjects.push_back("authorisation:" + one.authorisation.id);
    HF_TRY(const auto entry, transaction.append(hold.ends ? "factory.resumed" : "factory.held", subjects,
                                                {{"sequence", hold.sequence},
                                                 {"ends", hold.ends ? Json(*hold.ends) : Json(nullptr)},
                                                 {"release", hold.release ? Json(*hold.release) : Json(nullptr)},
                                                 {"batch", hold.batch ? Json(*hold.batch) : Json(nullptr)},
                                                 {"factory", hold.factory ? Json(*hold.factory) : Json(nullptr)},
                                                 {"reason", hold.reason},
                                                 {"authorisations", live.size()}}));
    HF_TRY(const auto row, insert_hold(transaction, entry, hold, live));
    return StoredHold{row, hold, !hold.ends, entry.value};
  });
}

Result<StoredHold> Service::hold(const Scope& scope, std::string_view reason, const ledger::Actor& actor) {
  return order_hold({.sequence = 0,
                     .ends = {},
                     .product = scope.product,
                     .batch = scope.batch,
                     .release = scope.release,
                     .factory = scope.factory,
                     .reason = std::string(reason),
                     .issued_at = {}},
                    actor);
}

Result<StoredHold> Service::resume(std::int64_t sequence, std::string_view reason, const ledger::Actor& actor) {
  HF_TRY(const auto known, database_.read([&](const db::Reader& reader) { return Store(reader).hold(sequence); }));
  if (!known)
    return fail(ErrorKind::not_found, "HF-FACTORY-0008",
                "no hold " + std::to_string(sequence) + " lives; 'holdfast factory list' shows those that do");
  return order_hold({.sequence = 0,
                     .ends = sequence,
                     .product = known->hold.product,
                     .batch = {},
                     .release = {},
                     .factory = {},
                     .reason = std::string(reason),
                     .issued_at = {}},
                    actor);
}

Result<StoredAuthorisation> Service::authorisation(std::string_view id) const {
  return database_.read([&](const db::Reader& reader) -> Result<StoredAuthorisation> {
    constexpr std::size_t kShortest = 8;
    const Store store(reader);
    std::vector<std::string> ids;
    if (id.size() >= kShortest) {
      HF_TRY(ids, store.ids_from(id));
    }
    if (ids.size() != 1)
      return fail(ErrorKind::not_found, "HF-FACTORY-0009",
                  ids.empty() ? "no authorisation '" + std::string(id) + "' is registered; at least 8 digits name one"
                              : "more than one authorisation begins with '" + std::string(id) + "'");
    HF_TRY(auto stored, store.authorisation(ids[0]));
    return *std::move(stored);
  });
}

}  // namespace hf::factory
