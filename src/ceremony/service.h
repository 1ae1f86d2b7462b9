// Use cases of the installation: take approved scripts and transcripts into the register, read both. Each change is one
// transaction of the ledger. What runs offline: run.h.
#pragma once

#include "ceremony/response.h"
#include "ceremony/store.h"

namespace hf::ceremony {

// A script with what came of it so far.
struct Sight {
  StoredScript script;
  std::optional<StoredCeremony> ceremony;  // none: it was not run, or its transcript is not here yet
  std::vector<StoredStep> steps;
  std::vector<Alarm> alarms;
};
struct Line {
  StoredScript script;
  std::optional<StoredCeremony> ceremony;
  std::size_t alarms = 0;
};

struct Imported {
  std::string script_sha256, run;
  bool known = false;  // it was there already
  std::int64_t steps = 0;
  std::vector<Alarm> alarms;
};

class Service {
 public:
  Service(db::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // A script in its envelope, signed by a key of the register that may sign scripts. Again: nothing happens.
  // HF-CEREMONY-0014 not signed by such a key; HF-CEREMONY-0001.
  Result<std::string> register_script(ByteView envelope, const ledger::Actor& actor);  // its digest
  // A transcript, whole: script and who approved it, chain, order, people, signatures, results. With it the script, if
  // it is not there. HF-CEREMONY-0007, 0014, HF-CEREMONY-0015 not at its end, 0016 the script was run otherwise.
  Result<Imported> import(std::string_view transcript, const ledger::Actor& actor);
  // What an offline CA answered, by a script that a key of the register signed. HF-CEREMONY-0014, 0017.
  [[nodiscard]] Result<Answer> read_answer(ByteView response) const;

  // By its digest or a beginning of it. HF-CEREMONY-0013.
  [[nodiscard]] Result<Sight> sight(std::string_view script) const;
  [[nodiscard]] Result<std::string> transcript(std::string_view script) const;  // HF-CEREMONY-0013 if there is none
  [[nodiscard]] Result<std::vector<Line>> lines(std::int64_t before, std::int64_t limit) const;  // newest first

 private:
  db::Database& database_;
  const Clock& clock_;
};

}  // namespace hf::ceremony
