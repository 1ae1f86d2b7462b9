#include "crypto/token_group.h"

#include <algorithm>
#include <mutex>

namespace hf::crypto {
namespace {

constexpr std::chrono::seconds kRest{1};
constexpr int kRestDoublings = 6;

// Another member may do what this one did not: it is ill, or it has not the key. The token's policy is everyone's.
bool another_may(const Error& error) {
  for (const auto* code : {"HF-P11-0010", "HF-P11-0011", "HF-P11-0012", "HF-P11-0013", "HF-P11-0014", "HF-P11-0015",
                           "HF-KEY-0002", "HF-KEY-0003", "HF-KEY-0005", "HF-P11-0001", "HF-P11-0002"})
    if (error.code == code) return true;
  return error.kind == ErrorKind::unavailable;
}

class Group final : public Token {
 public:
  Group(std::vector<GroupMember> members, const Clock& clock) : clock_(clock) {
    for (auto& member : members) members_.push_back(std::make_unique<Member>(std::move(member)));
  }

  Result<TokenInfo> info() override {
    return first<TokenInfo>([](Token& token) { return token.info(); });
  }
  Result<TokenContents> contents() override {
    return first<TokenContents>([](Token& token) { return token.contents(); });
  }
  Result<PublicKey> public_key(const KeyPin& key) override {
    return first<PublicKey>([&](Token& token) { return token.public_key(key); });
  }
  Result<Bytes> sign(const KeyPin& key, SignatureScheme scheme, ByteView input) override {
    return first<Bytes>([&](Token& token) { return token.sign(key, scheme, input); });
  }
  Result<TokenKey> generate(KeyAlgorithm algorithm, std::string_view label) override {
    HF_TRY(const auto token, opened(*members_.front()));
    return token->generate(algorithm, label);
  }

 private:
  struct Member {
    explicit Member(GroupMember of) : about(std::move(of)) {}
    GroupMember about;
    std::mutex mutex;  // guards all below
    std::shared_ptr<Token> token;
    int failures = 0;
    Time rests_until{};
  };

  Result<std::shared_ptr<Token>> opened(Member& member) {
    const std::lock_guard lock(member.mutex);
    if (member.token) return member.token;
    auto token = member.about.open();
    if (!token) return fail(token.error());
    member.token = *std::move(token);
    return member.token;
  }
  bool rests(Member& member) {
    const std::lock_guard lock(member.mutex);
    return clock_.now() < member.rests_until;
  }
  void note(Member& member, bool well) {
    const std::lock_guard lock(member.mutex);
    member.failures = well ? 0 : member.failures + 1;
    if (!well) member.rests_until = clock_.now() + kRest * (1 << std::min(member.failures - 1, kRestDoublings));
  }

  template <class T, class Call>
  Result<T> first(Call call) {
    // Those that rest come last: better an ill member than none.
    std::vector<Member*> order, resting;
    for (auto& member : members_) (rests(*member) ? resting : order).push_back(member.get());
    order.insert(order.end(), resting.begin(), resting.end());
    std::optional<Error> worst;
    for (auto* member : order) {
      auto token = opened(*member);
      auto result = token ? call(**token) : Result<T>(fail(token.error()));
      const bool done = result || !another_may(result.error());
      note(*member, done);
      if (done) return result;
      auto error = std::move(result).error();
      error.detail = member->about.name + ": " + error.detail;
      if (!worst || may_have_signed(error) || !may_have_signed(*worst)) worst = std::move(error);
    }
    return fail(
        std::move(worst).value_or(Error{ErrorKind::unavailable, "HF-TOKEN-0006", "no token of the group answers", ""}));
  }

  const Clock& clock_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace

std::unique_ptr<Token> make_token_group(std::vector<GroupMember> members, const Clock& clock) {
  return std::make_unique<Group>(std::move(members), clock);
}

}  // namespace hf::crypto
