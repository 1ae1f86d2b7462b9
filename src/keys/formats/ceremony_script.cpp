#include "keys/formats/ceremony_script.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "keys/approver_json.h"

namespace hf::keys {
namespace {

constexpr std::string_view kType = "holdfast-ceremony-script-1";
constexpr std::size_t kRolesMax = 16, kPeopleMax = 32, kTextMax = 2048, kNameMax = 64, kExportedMax = 32;
constexpr std::int64_t kNeededMax = 16, kDaysMax = 36'500;

struct KindWord {
  StepKind kind;
  std::string_view word;
};
constexpr std::array<KindWord, 9> kKinds{{{StepKind::statement, "statement"},
                                          {StepKind::digest, "digest"},
                                          {StepKind::generate_key, "generate_key"},
                                          {StepKind::self_sign_root, "self_sign_root"},
                                          {StepKind::sign_request, "sign_request"},
                                          {StepKind::sign_crl, "sign_crl"},
                                          {StepKind::export_files, "export"},
                                          {StepKind::destroy, "destroy"},
                                          {StepKind::note, "note"}}};

bool is_digest(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Also a file's name: no path, and nothing hidden.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameMax && text.front() != '.' && text.front() != '-' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
                  c == '-';
         });
}

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }
Json or_null(const std::optional<Time>& time) { return time ? Json(format_rfc3339(*time)) : Json(nullptr); }

CeremonyStep read_step(Fields& in) {
  CeremonyStep step{.id = in.text("id", kNameMax)};
  const auto kind = step_kind_of(in.text("kind", 32));
  if (!kind) in.fault("kind", "no kind of step that is known here");
  step.kind = kind.value_or(StepKind::note);
  step.actor = in.text("actor", kNameMax);
  step.witnesses = in.texts("witnesses", kRolesMax);
  step.text = in.text("text", kTextMax);
  step.expected = in.text_or_none("expected", kTextMax);
  step.asks = in.text_or_none("asks", kTextMax);
  step.file = in.text_or_none("file");
  step.key = in.text_or_none("key", kNameMax);
  if (const auto word = in.text_or_none("algorithm", 32)) {
    step.algorithm = crypto::key_algorithm_of(*word);
    if (!step.algorithm) in.fault("algorithm", "no algorithm that is known here");
  }
  step.profile = in.text_or_none("profile", kNameMax);
  step.profile_sha256 = in.text_or_none("profile_sha256", 64);
  step.subject = in.text_or_none("subject", 1024);
  step.days = in.integer_or_none("days", 1, kDaysMax);
  step.ca_step = in.text_or_none("ca_step", kNameMax);
  step.ca_sha256 = in.text_or_none("ca_sha256", 64);
  step.request_sha256 = in.text_or_none("request_sha256", 64);
  step.out = in.text_or_none("out", kNameMax);
  if (auto list = in.texts_or_none("of", kExportedMax)) {
    step.of = *std::move(list);
    if (step.of.empty()) in.fault("of", "names at least one step, or is not there");  // one text a value
  }
  return step;
}

CeremonyScript read_script(Fields& in) {
  CeremonyScript script{.title = in.text("title"), .purpose = in.text("purpose", kTextMax), .place = in.text("place")};
  for (const auto& word : in.texts("classes", 4)) {
    const auto one = key_class_of(word);
    if (one) script.classes.push_back(*one);
    else in.fault("classes", "no class of key that is known here");
  }
  const auto environment = environment_of(in.text("environment", 16));
  if (!environment) in.fault("environment", "'production' or 'test' is expected");
  script.environment = environment.value_or(Environment::test);
  script.not_before = in.time_or_none("not_before");
  script.not_after = in.time_or_none("not_after");
  in.each("roles", kRolesMax, [&](Fields& role) {
    script.roles.push_back(
        {role.text("name", kNameMax), int(role.integer("needed", 1, kNeededMax)), role.flag("alone")});
  });
  in.each("people", kPeopleMax, [&](Fields& person) { script.people.push_back(read_approver(person)); });
  in.each("steps", kCeremonyStepsMax, [&](Fields& step) { script.steps.push_back(read_step(step)); });
  return script;
}

auto refuse(std::string what) {
  return fail(ErrorKind::invalid, "HF-CEREMONY-0001", "not a ceremony's script: " + std::move(what));
}

// Which of a step's members its kind has: those that it must have, and those that it may.
struct Shape {
  std::set<std::string_view> must, may;
};
const Shape& shape_of(StepKind kind) {
  static const std::map<StepKind, Shape> shapes{
      {StepKind::statement, {{}, {"expected", "asks"}}},
      {StepKind::digest, {{"file"}, {"expected"}}},
      {StepKind::generate_key, {{"key", "algorithm"}, {}}},
      {StepKind::self_sign_root, {{"key", "profile", "profile_sha256", "subject", "out"}, {"days"}}},
      {StepKind::sign_request,
       {{"key", "profile", "profile_sha256", "out"}, {"days", "ca_step", "ca_sha256", "request_sha256"}}},
      {StepKind::sign_crl, {{"key", "out"}, {"ca_step", "ca_sha256", "request_sha256"}}},
      {StepKind::export_files, {{"of"}, {}}},
      {StepKind::destroy, {{"asks"}, {"expected"}}},
      {StepKind::note, {{"asks"}, {}}},
  };
  return shapes.at(kind);
}

class Judge {
 public:
  Judge(const CeremonyScript& script, std::vector<Fault>& faults) : script_(script), faults_(faults) {}

  void run() {
    if (script_.title.empty()) wrong("/title", "is empty");
    if (script_.purpose.empty()) wrong("/purpose", "is empty");
    if (script_.place.empty()) wrong("/place", "is empty");
    if (script_.classes.empty()) wrong("/classes", "names at least one class of key");
    if (script_.not_before && script_.not_after && *script_.not_after <= *script_.not_before)
      wrong("/not_after", "is not after not_before");
    roles();
    people();
    if (script_.steps.empty()) wrong("/steps", "a ceremony has at least one step");
    for (std::size_t i = 0; i < script_.steps.size(); ++i) step(i);
  }

 private:
  void wrong(std::string pointer, std::string what) { faults_.push_back({std::move(pointer), std::move(what)}); }

  [[nodiscard]] const CeremonyRole* role(std::string_view name) const {
    const auto found = std::ranges::find(script_.roles, name, &CeremonyRole::name);
    return found == script_.roles.end() ? nullptr : &*found;
  }

  void roles() {
    if (script_.roles.empty()) wrong("/roles", "a ceremony has roles");
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < script_.roles.size(); ++i) {
      const auto& one = script_.roles[i];
      const auto at = "/roles/" + std::to_string(i);
      if (!is_name(one.name)) wrong(at + "/name", "takes letters, digits and . _ -");
      if (!names.insert(one.name).second) wrong(at + "/name", "stands twice");
      if (std::ssize(script_.people_of(one.name)) < one.needed)
        wrong(at + "/needed", "there are not " + std::to_string(one.needed) + " people with the role " + one.name);
    }
  }

  void people() {
    std::map<std::string_view, std::set<std::string_view>> of;  // person to roles
    for (const auto& one : script_.people)
      for (const auto& name : one.roles) of[one.person].insert(name);
    for (std::size_t i = 0; i < script_.people.size(); ++i) {
      const auto& one = script_.people[i];
      const auto at = "/people/" + std::to_string(i);
      if (one.person.empty()) wrong(at + "/person", "is empty");
      if (one.roles.empty()) wrong(at + "/roles", "a person has a role");
      for (const auto& name : one.roles) {
        const auto* const known = role(name);
        if (!known) wrong(at + "/roles", "there is no role " + name);
        else if (known->alone && of[one.person].size() > 1)
          wrong(at + "/roles", one.person + " has another role beside " + name + ", which stands alone");
      }
      for (std::size_t j = 0; j < i; ++j)
        if (script_.people[j].key == one.key && script_.people[j].person != one.person)
          wrong(at, "two people have the same key");
    }
  }

  void step(std::size_t i) {
    const auto& one = script_.steps[i];
    const auto at = "/steps/" + std::to_string(i);
    if (!is_name(one.id)) wrong(at + "/id", "takes letters, digits and . _ -");
    if (earlier(one.id, i)) wrong(at + "/id", "stands twice");
    if (one.text.empty()) wrong(at + "/text", "says what is to be done");
    if (!role(one.actor)) wrong(at + "/actor", "there is no role " + one.actor);
    if (one.witnesses.empty()) wrong(at + "/witnesses", "a step has at least one witness");
    check_distinct(one, at);
    check_shape(one, at);
    check_references(one, at, i);
  }

  // A step's people must be different ones: enough of each role, and of all its roles together.
  void check_distinct(const CeremonyStep& one, const std::string& at) {
    std::map<std::string, int> wanted{{one.actor, 1}};
    for (const auto& name : one.witnesses) ++wanted[name];
    std::set<std::string> all;
    for (const auto& [name, count] : wanted) {
      const auto people = script_.people_of(name);
      if (!role(name)) {
        wrong(at + "/witnesses", "there is no role " + name);
      } else if (std::ssize(people) < count) {
        wrong(at + "/witnesses", "there are not " + std::to_string(count) + " people with the role " + name);
      }
      all.insert(people.begin(), people.end());
    }
    if (all.size() < 1 + one.witnesses.size()) wrong(at + "/witnesses", "its people would not be different ones");
  }

  void check_shape(const CeremonyStep& one, const std::string& at) {
    const auto& shape = shape_of(one.kind);
    const auto has = [&](std::string_view name, bool there) {
      if (there && !shape.must.contains(name) && !shape.may.contains(name))
        wrong(at + "/" + std::string(name), "a step of the kind " + std::string(name_of(one.kind)) + " has none");
      if (!there && shape.must.contains(name))
        wrong(at + "/" + std::string(name), "a step of the kind " + std::string(name_of(one.kind)) + " has one");
    };
    has("expected", one.expected.has_value());
    has("asks", one.asks.has_value());
    has("file", one.file.has_value());
    has("key", one.key.has_value());
    has("algorithm", one.algorithm.has_value());
    has("profile", one.profile.has_value());
    has("profile_sha256", one.profile_sha256.has_value());
    has("subject", one.subject.has_value());
    has("days", one.days.has_value());
    has("ca_step", one.ca_step.has_value());
    has("ca_sha256", one.ca_sha256.has_value());
    has("request_sha256", one.request_sha256.has_value());
    has("out", one.out.has_value());
    has("of", !one.of.empty());
    if (one.kind == StepKind::statement && one.expected.has_value() != one.asks.has_value() && one.expected)
      wrong(at + "/asks", "what is expected must be asked for");
    if (one.kind == StepKind::digest && one.expected && !is_digest(*one.expected))
      wrong(at + "/expected", kDigestWanted);
    const std::array<std::pair<std::string_view, const std::optional<std::string>*>, 3> digests{
        {{"profile_sha256", &one.profile_sha256},
         {"ca_sha256", &one.ca_sha256},
         {"request_sha256", &one.request_sha256}}};
    for (const auto& [name, value] : digests)
      if (*value && !is_digest(**value)) wrong(at + "/" + std::string(name), kDigestWanted);
    if (one.key && !is_name(*one.key)) wrong(at + "/key", "takes letters, digits and . _ -");
    if (one.out && !is_name(*one.out)) wrong(at + "/out", "is a file's name of letters, digits and . _ -");
  }

  void check_references(const CeremonyStep& one, const std::string& at, std::size_t i) {
    const auto signs = one.kind == StepKind::sign_request || one.kind == StepKind::sign_crl;
    if (signs && one.ca_step.has_value() == one.ca_sha256.has_value())
      wrong(at + "/ca_step", "the CA is named by the step that made it, or by its certificate's SHA-256");
    if (one.ca_step) {
      const auto* const made = earlier(*one.ca_step, i);
      if (!made || made->kind != StepKind::self_sign_root) wrong(at + "/ca_step", "is no earlier step of a root");
      else if (made->key != one.key) wrong(at + "/key", "is not the key of that root");
    }
    if (one.kind == StepKind::self_sign_root &&
        std::none_of(script_.steps.begin(), script_.steps.begin() + std::ptrdiff_t(i),
                     [&](const auto& other) { return other.kind == StepKind::generate_key && other.key == one.key; }))
      wrong(at + "/key", "no earlier step makes this key");
    for (std::size_t j = 0; j < i; ++j) {
      const auto& other = script_.steps[j];
      if (one.kind == StepKind::generate_key && other.kind == one.kind && other.key == one.key)
        wrong(at + "/key", "an earlier step makes a key of this name");
      if (one.out && other.out == one.out) wrong(at + "/out", "an earlier step has a file of this name");
    }
    std::set<std::string_view> once;
    for (const auto& id : one.of) {
      const auto* const made = earlier(id, i);
      if (!made || !(made->out || made->kind == StepKind::generate_key) || !once.insert(id).second)
        wrong(at + "/of", id + " is no earlier step of which a file comes, or stands twice");
    }
  }

  [[nodiscard]] const CeremonyStep* earlier(std::string_view id, std::size_t before) const {
    for (std::size_t i = 0; i < before; ++i)
      if (script_.steps[i].id == id) return &script_.steps[i];
    return nullptr;
  }

  static constexpr const char* kDigestWanted = "a SHA-256 in lower-case hexadecimal digits is expected";
  const CeremonyScript& script_;
  std::vector<Fault>& faults_;
};

Result<CeremonyScript> judged(const Json& json) {
  std::vector<Fault> faults;
  Fields in(json, "", faults);
  if (in.text("type") != kType) return refuse("its type is not '" + std::string(kType) + "'");
  auto script = read_script(in);
  in.close();
  if (faults.empty()) faults = faults_of(script);
  if (!faults.empty()) {
    std::string all;
    for (const auto& fault : faults) all += (all.empty() ? "" : "; ") + fault.pointer + ": " + fault.what;
    return refuse(std::move(all));
  }
  return script;
}

// "administrator acts, witness watches: compare the digest; expected 9f2c..."
std::string line_of(const CeremonyStep& step, std::size_t number) {
  auto line = std::to_string(number) + ". " + step.id + " (" + std::string(name_of(step.kind)) + ") " + step.actor +
              "; witnesses " + joined(step.witnesses) + ": " + step.text;
  if (step.key) line += "; key " + *step.key;
  if (step.algorithm) line += " of " + std::string(crypto::name_of(*step.algorithm));
  if (step.subject) line += "; subject " + *step.subject;
  if (step.profile) line += "; profile " + *step.profile + " " + step.profile_sha256.value_or("");
  if (step.days) line += "; " + std::to_string(*step.days) + " days";
  if (step.ca_step) line += "; CA of step " + *step.ca_step;
  if (step.ca_sha256) line += "; CA " + *step.ca_sha256;
  if (step.request_sha256) line += "; request " + *step.request_sha256;
  if (step.file) line += "; file " + *step.file;
  if (step.out) line += "; makes " + *step.out;
  if (!step.of.empty()) line += "; of " + joined(step.of);
  if (step.asks) line += "; asks: " + *step.asks;
  line += step.expected ? "; expected " + *step.expected : "";
  return line;
}

}  // namespace

std::string_view name_of(StepKind kind) {
  const auto found = std::ranges::find(kKinds, kind, &KindWord::kind);
  return found == kKinds.end() ? std::string_view() : found->word;
}

std::optional<StepKind> step_kind_of(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name, &KindWord::word);
  return found == kKinds.end() ? std::nullopt : std::optional(found->kind);
}

bool uses_token(StepKind kind) {
  return kind == StepKind::generate_key || kind == StepKind::self_sign_root || kind == StepKind::sign_request ||
         kind == StepKind::sign_crl;
}

const CeremonyStep* CeremonyScript::step(std::string_view id) const {
  const auto found = std::ranges::find(steps, id, &CeremonyStep::id);
  return found == steps.end() ? nullptr : &*found;
}

std::vector<std::string> CeremonyScript::people_of(std::string_view role) const {
  std::vector<std::string> list;
  for (const auto& one : people)
    if (std::ranges::find(one.roles, role) != one.roles.end() && std::ranges::find(list, one.person) == list.end())
      list.push_back(one.person);
  return list;
}

JsonObject to_json(const CeremonyStep& step) {
  return {{"id", step.id},
          {"kind", name_of(step.kind)},
          {"actor", step.actor},
          {"witnesses", list_of(step.witnesses)},
          {"text", step.text},
          {"expected", or_null(step.expected)},
          {"asks", or_null(step.asks)},
          {"file", or_null(step.file)},
          {"key", or_null(step.key)},
          {"algorithm", step.algorithm ? Json(crypto::name_of(*step.algorithm)) : Json(nullptr)},
          {"profile", or_null(step.profile)},
          {"profile_sha256", or_null(step.profile_sha256)},
          {"subject", or_null(step.subject)},
          {"days", step.days ? Json(*step.days) : Json(nullptr)},
          {"ca_step", or_null(step.ca_step)},
          {"ca_sha256", or_null(step.ca_sha256)},
          {"request_sha256", or_null(step.request_sha256)},
          {"out", or_null(step.out)},
          {"of", step.of.empty() ? Json(nullptr) : Json(list_of(step.of))}};
}

JsonObject to_json(const CeremonyScript& script) {
  JsonArray classes, roles, people, steps;
  for (const auto one : script.classes) classes.emplace_back(name_of(one));
  for (const auto& one : script.roles)
    roles.push_back(JsonObject{{"name", one.name}, {"needed", one.needed}, {"alone", one.alone}});
  for (const auto& one : script.people) people.push_back(to_json(one));
  for (const auto& one : script.steps) steps.push_back(to_json(one));
  return {{"type", kType},
          {"title", script.title},
          {"purpose", script.purpose},
          {"place", script.place},
          {"classes", std::move(classes)},
          {"environment", name_of(script.environment)},
          {"not_before", or_null(script.not_before)},
          {"not_after", or_null(script.not_after)},
          {"roles", std::move(roles)},
          {"people", std::move(people)},
          {"steps", std::move(steps)}};
}

std::string canonical(const CeremonyScript& script) { return canonical_json(to_json(script)).value(); }

std::string digest_of(const CeremonyScript& script) { return to_hex(crypto::sha256({bytes_of(canonical(script))})); }

std::vector<Fault> faults_of(const CeremonyScript& script) {
  std::vector<Fault> faults;
  Judge(script, faults).run();
  return faults;
}

Result<CeremonyScript> ceremony_script_of(const Json& json) { return judged(json); }

Result<CeremonyScript> ceremony_script_of(ByteView text) {
  constexpr std::size_t kDepth = 6;
  HF_TRY(const auto json, parse_json(text_of(text), {.bytes_max = kCeremonyScriptMax, .depth_max = kDepth}));
  HF_TRY(auto script, judged(json));
  // One text a value: what people see is what is signed.
  if (canonical(script) != text_of(text)) return refuse("it is not canonical JSON (RFC 8785) of its value");
  return script;
}

JsonObject facts_of(const CeremonyScript& script) {
  auto facts = to_json(script);
  JsonArray roles, people, steps;
  for (const auto& one : script.roles)
    roles.emplace_back(one.name + ": " + std::to_string(one.needed) + (one.alone ? ", no other role beside it" : ""));
  for (const auto& one : script.people)
    people.emplace_back(one.person + " (" + one.name + "): " + joined(one.roles) + ", key " +
                        to_hex(crypto::fingerprint_of(one.key)));
  for (std::size_t i = 0; i < script.steps.size(); ++i) steps.emplace_back(line_of(script.steps[i], i + 1));
  facts["roles"] = std::move(roles), facts["people"] = std::move(people), facts["steps"] = std::move(steps);
  for (const auto* name : {"not_before", "not_after"})
    if (facts.at(name).is_null()) facts[name] = "any time";
  facts["script_sha256"] = digest_of(script);
  facts.erase("type");
  return facts;
}

}  // namespace hf::keys
