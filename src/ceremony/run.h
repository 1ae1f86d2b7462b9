// A ceremony as it is run on its machine: one step after the other, each done, written down, and confirmed by its
// people's signatures. The transcript is all that is remembered; a run that was interrupted goes on at the step that is
// not confirmed.
#pragma once

#include "ceremony/machine.h"
#include "ceremony/result.h"

namespace hf::ceremony {

// Who does a step, and what they bring.
struct Input {
  std::string actor{};
  std::vector<std::string> witnesses{};  // in the order of the script's roles
  std::optional<std::string> value{};    // what the step asks for
  std::filesystem::path file{};          // digest: that file; sign_*: the request; export: a folder
  std::filesystem::path certificate{};   // sign_*: of the CA, where the machine does not have it
};

class Run {
 public:
  // Begins, or goes on. HF-CEREMONY-0005 the script is not approved by a key that the machine trusts, 0006 it may not
  // begin now; HF-CEREMONY-0007, HF-SIGNER-0001 to 0003 of the transcript.
  static Result<std::unique_ptr<Run>> open(const Machine& machine, ByteView envelope, const Clock& clock);

  [[nodiscard]] const Transcript& transcript() const { return transcript_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  // Whether the step needs Input::certificate.
  [[nodiscard]] bool wants_certificate(const CeremonyStep& step) const;

  // Does the next step and writes it down; from then on it waits to be confirmed. What comes out otherwise than
  // expected is written down as an attempt: HF-CEREMONY-0010; so is a failure. HF-CEREMONY-0008 nothing is to be done,
  // 0009 the wrong people or input.
  Result<void> perform(const Input& input);
  // The step is not done as the script has it; or the ceremony ends before it. HF-CEREMONY-0008, 0009, 0012 no reason.
  Result<void> except(const Input& people, std::string_view reason);
  Result<void> abandon(const Input& people, std::string_view reason);

  // What a person signs of the step that waits. HF-CEREMONY-0008.
  [[nodiscard]] Result<keys::Statement> statement(std::string_view person, keys::Decision decision) const;
  // HF-CEREMONY-0011 if it is not the person's signature, or not awaited. A step that somebody rejects is done again.
  Result<void> confirm(const keys::Approval& approval);

 private:
  Run(const Machine& machine, const Clock& clock) : machine_(machine), clock_(clock) {}
  struct Done {
    std::optional<std::string> actual{};
    JsonObject result{};
  };
  [[nodiscard]] Time now() const;
  Result<void> write(JsonObject record, Time at);
  Result<void> begin(const CeremonyStep& step, const Input& input, Time at);
  Result<void> keep_files(const Record& record) const;
  [[nodiscard]] Result<const CeremonyStep*> open_step(const Input& input) const;
  Result<Done> act(const CeremonyStep& step, const Input& input, Time at);
  Result<Done> generate(const CeremonyStep& step, const Input& input, Time at);
  Result<Done> sign_root(const CeremonyStep& step, const Input& input, Time at);
  Result<Done> answer_request(const CeremonyStep& step, const Input& input, Time at);
  Result<Done> export_to(const CeremonyStep& step, const std::filesystem::path& folder) const;
  Result<Bytes> sign(const crypto::PublicKey& key, ByteView to_sign) const;

  const Machine& machine_;
  const Clock& clock_;
  std::filesystem::path folder_;
  std::unique_ptr<keys::Journal> journal_;
  Transcript transcript_;
};

}  // namespace hf::ceremony
