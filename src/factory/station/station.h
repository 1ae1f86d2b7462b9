// A station at a factory: it issues identities offline, within what the manufacturer authorised, and forgets none.
//
//   <directory>/station.json     who it is, whose orders it takes, where its counter is; written once
//   <directory>/journal          every use, before it happens (state.h); journal.<epoch> of those that ended
//   <directory>/token/           the soft token with its two keys, unless another PKCS#11 module is named
//   <directory>/counter          the counter, unless it is elsewhere (counter.h)
//
// The token is open only while something is signed, after all that is written down and counted.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "crypto/token_setup.h"
#include "factory/station/counter.h"
#include "factory/station/state.h"
#include "keys/signer/journal.h"

namespace hf::factory {

struct StationConfig {
  std::string factory{};
  std::vector<crypto::PublicKey> manufacturer{};    // whose orders it takes
  std::string counter{};                            // empty: a file in the directory
  std::string module{}, token_label{}, pin_file{};  // of another token; all empty: the soft token
};
struct StationKeys {
  crypto::PublicKey identity, ca;
};

struct IssueOrder {
  std::string device;
  Bytes request;                // PKCS #10, DER
  std::string authorisation{};  // id; empty: the only one that admits the serial
};
struct Issued {
  std::string device, authorisation;
  std::int64_t use = 0, line = 0;
  bool active = false;  // nothing is demanded before it is handed out
  Bytes certificate{};  // DER; to be handed out only if active
};

// What was read back from the unit.
struct ReadBack {
  std::string flash_sha256{};        // hex; empty: not read
  std::vector<std::string> fuses{};  // "NAME=VALUE"
  Bytes evidence{};                  // the file that says so, of which the journal keeps the digest
  bool attested = false;             // signed by the unit's own key
};
inline constexpr std::string_view kAttestationType = "application/vnd.holdfast.attestation+json";

class Station {
 public:
  // HF-STATION-0001 there is one, 0002 bad configuration; HF-TOKEN-*, HF-KEY-*.
  static Result<StationKeys> init(const std::filesystem::path& directory, const StationConfig& config,
                                  const Clock& clock);
  // Of `device`, the certificate is at hand. HF-STATION-0003 none there, 0004 the journal is behind its counter, 0005
  // the counter is behind the journal; HF-SIGNER-0001 to 0003 of the journal.
  static Result<std::unique_ptr<Station>> open(const std::filesystem::path& directory, const Clock& clock,
                                               std::string device = {});
  // The same, for looking and for import() of an order that begins a new epoch: whatever is wrong with the journal is
  // in trouble(), and everything else refuses with it.
  static Result<std::unique_ptr<Station>> open_troubled(const std::filesystem::path& directory, const Clock& clock,
                                                        std::string device = {});

  struct Description {
    StationConfig config;
    StationKeys keys;
  };
  [[nodiscard]] const Description& description() const { return description_; }
  [[nodiscard]] std::string key() const;  // its name in orders: SHA-256 of the identity key's SubjectPublicKeyInfo
  [[nodiscard]] const StationState& state() const { return state_; }
  [[nodiscard]] const std::optional<Error>& trouble() const { return trouble_; }
  [[nodiscard]] std::int64_t counter() const { return counter_value_; }
  [[nodiscard]] keys::JournalHead head() const { return journal_ ? journal_->head() : keys::JournalHead{}; }
  [[nodiscard]] Time now() const;  // never before what the journal has seen

  // An order in its envelope, or the CA's certificate (PEM or DER). What it was, in words. HF-STATION-0006 not an order
  // for here, with the reason; 0007 not signed by the manufacturer; 0008 not the certificate of the station's CA key.
  Result<std::string> import(ByteView file);

  // Phase one, for any number at once: judged, written down, counted, then signed. In the order of the orders; an error
  // as a whole only if nothing was signed. HF-STATION-0012 to 0019 with what is wrong with one of them.
  Result<std::vector<Result<Issued>>> issue(std::span<const IssueOrder> orders);
  // Phase two: the certificate, DER, once the unit has shown what its authorisation demands; again for one that has.
  // HF-STATION-0020 nothing reserved for it, 0021 the token never signed it, 0022 what it shows is not what is
  // demanded.
  Result<Bytes> activate(std::string_view device, const ReadBack& read_back);

  // No more of it; what is left of its share goes back. The closing record in an envelope that the station signed; the
  // same one again for one that is closed. HF-STATION-0023 no such authorisation.
  Result<std::string> close(std::string_view authorisation);
  // Writes the bundle (bundle.h).
  Result<void> export_to(const std::filesystem::path& out);

 private:
  Station(std::filesystem::path directory, const Clock& clock, std::string device)
      : directory_(std::move(directory)), clock_(clock), device_(device), state_(std::move(device)) {}
  static Result<std::unique_ptr<Station>> open_any(const std::filesystem::path& directory, const Clock& clock,
                                                   std::string device);
  Result<void> open_journal();
  Result<void> write(JsonObject record, Time at);  // not yet on disk
  Result<void> commit();                           // on disk, and counted
  Result<void> begin_epoch(std::string_view order, Time at);
  Result<std::string> import_order(ByteView text);
  Result<std::string> import_certificate(ByteView file);
  Result<std::unique_ptr<crypto::KeyStore>> open_keys() const;
  struct Judge;

  std::filesystem::path directory_;
  const Clock& clock_;
  std::string device_;
  Description description_;
  std::unique_ptr<Counter> counter_;
  std::int64_t counter_value_ = 0;
  std::unique_ptr<keys::Journal> journal_;
  StationState state_;
  std::optional<Error> trouble_;
};

// The attestation of a unit: an envelope of kAttestationType that its key signed, of {"serial", "flash_sha256",
// "fuses": ["NAME=VALUE"]}. HF-STATION-0022 if it is not of this unit.
[[nodiscard]] Result<ReadBack> attested_of(ByteView file, std::string_view device, const crypto::PublicKey& unit);
// A fuse read-back: one JSON object of names and values, which are texts, integers or true and false.
[[nodiscard]] Result<std::vector<std::string>> fuses_of(ByteView file);

// PKCS #10 of the CA's key, signed by it: what `pki prepare --profile issuing-ca` takes.
[[nodiscard]] Result<Bytes> ca_request(const Station::Description& station, std::string_view subject,
                                       const std::filesystem::path& directory);

}  // namespace hf::factory
