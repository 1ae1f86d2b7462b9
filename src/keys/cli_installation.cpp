#include "keys/cli_installation.h"

#include <sys/stat.h>
#include <fstream>

#include "keys/formats/formats.h"
#include "keys/signer/process.h"
#include "keys/signer/tokens.h"

namespace hf::keys {

Result<std::unique_ptr<Signer>> signer_of(instance::Instance& instance) {
  const auto& own = instance.token();
  HF_TRY(auto tokens, signing_tokens(own));
  auto first = std::move(tokens.front());
  tokens.erase(tokens.begin());
  return std::make_unique<Signer>(SignerConfig{.token = std::move(first),
                                               .others = std::move(tokens),
                                               .directory = own.record_file.parent_path() / "signer",
                                               .program = "/proc/self/exe",
                                               .arguments = {"signer"}},
                                  instance.clock());
}

Result<Installation> open_installation(const cli::Args& args) {
  Installation open;
  HF_TRY(open.instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(open.signer, signer_of(*open.instance));
  open.service =
      std::make_unique<Service>(open.instance->database(), open.instance->clock(), *open.signer, &find_format);
  open.actor = instance::cli_actor();
  return open;
}

Result<cli::Exit> run_signer_command(const cli::Args&, cli::Terminal&) {
  // Started by hand there is nobody at the other end of the channel.
  struct stat channel {};
  if (::fstat(kSignerChannel, &channel) != 0 || !S_ISSOCK(channel.st_mode))
    return fail(ErrorKind::invalid, "HF-SIGNER-0013",
                "this command is started by 'holdfast serve' and by the commands that sign, which talk to it");
  const SystemClock clock;
  return run_signer(kSignerChannel, clock, &find_format) == 0 ? cli::kOk : cli::kUnavailable;
}

Result<std::string> read_file(std::string_view path, std::size_t size_max) {
  std::ifstream file(std::string(path), std::ios::binary);
  if (!file) return fail(ErrorKind::not_found, "HF-CLI-0004", "cannot open " + std::string(path));
  std::string text(size_max + 1, '\0');
  file.read(text.data(), std::streamsize(text.size()));
  text.resize(std::size_t(file.gcount()));
  if (text.size() > size_max)
    return fail(ErrorKind::limit, "HF-CLI-0004",
                std::string(path) + " is larger than " + std::to_string(size_max) + " bytes");
  return text;
}

Result<Charter> charter_from_file(std::string_view path, std::string_view key, const std::vector<KeyVersion>& versions,
                                  const Charter* in_force) {
  constexpr std::size_t kDocumentMax = 1U << 20;
  HF_TRY(const auto text, read_file(path, kDocumentMax));
  HF_TRY(auto json, parse_json(text));
  auto* object = json.if_object();
  if (!object) return fail(ErrorKind::invalid, "HF-KEYS-0001", std::string(path) + " is not a JSON object");
  (*object)["type"] = "holdfast-charter-1";
  (*object)["key"] = key;
  (*object)["sequence"] = in_force ? in_force->sequence + 1 : 1;
  (*object)["previous"] = in_force ? Json(digest_of(*in_force)) : Json(nullptr);
  if (!object->contains("grants")) (*object)["grants"] = JsonObject{{"signatures", 0}, {"days", 0}};
  if (!object->contains("break_glass_hours")) (*object)["break_glass_hours"] = 24;
  if (auto* approvers = object->if_contains("approvers"); approvers && approvers->is_array()) {
    for (auto& item : approvers->get_array()) {
      auto* approver = item.if_object();
      const auto* pem = approver ? approver->if_contains("public_key") : nullptr;
      if (!pem || !pem->is_string()) continue;
      HF_TRY(const auto public_key, crypto::public_key_of_pem(pem->get_string()));
      (*approver)["spki"] = to_hex(crypto::to_spki(public_key));
      approver->erase("public_key");
    }
  }
  if (!object->contains("versions")) {
    JsonArray list;
    for (const auto& version : versions)
      list.push_back(JsonObject{{"version", version.version},
                                {"algorithm", crypto::name_of(version.algorithm)},
                                {"id", to_hex(version.id)},
                                {"fingerprint", to_hex(version.fingerprint)},
                                {"state", name_of(version.state)}});
    (*object)["versions"] = std::move(list);
  }
  return charter_of(json);
}

}  // namespace hf::keys
