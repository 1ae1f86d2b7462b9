#include "accounts/service.h"

#include <atomic>
#include <thread>

#include "accounts/authenticator.h"
#include "ledger/log.h"
#include "ledger/verify.h"
#include "support/memory_key_store.h"
#include "support/test_database.h"

namespace hf::accounts {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPassword = "correct horse battery";

class Accounts : public test::DatabaseTest {
 protected:
  static Settings quick() {
    Settings settings;
    settings.password_cost = {.memory_kib = 64, .passes = 1, .lanes = 1};
    return settings;
  }
  Account first() {
    const auto link = service_.setup_link();
    auto made = service_.set_up(link.value()->text(), {.name = "Ada", .password = std::string(kPassword)});
    if (!made) throw std::runtime_error(made.error().message);
    return *made;
  }
  ledger::Actor actor(const Account& account) { return {subject_of(account.id), join(account.roles)}; }
  Account add(const Account& by, std::string name, std::vector<std::string> roles) {
    auto made = service_.create(
        actor(by), {.name = std::move(name), .password = std::string(kPassword), .roles = std::move(roles)});
    if (!made) throw std::runtime_error(made.error().message);
    return *made;
  }
  template <class T>
  static std::string code(const Result<T>& result) {
    return result ? "" : std::string(result.error().code);
  }
  // Every row is as its newest entry says, and no entry names a person.
  void expect_evidence() {
    test::MemoryKeyStore keys;
    ledger::Log log(*database_, clock_, keys, "example.eu/test", "ledger");
    ASSERT_TRUE(log.advance());
    const auto key = log.verifier_key();
    const auto report = ledger::verify_ledger(*database_, *key);
    ASSERT_TRUE(report);
    for (const auto& finding : report->findings) ADD_FAILURE() << finding.where << ": " << finding.what;
    EXPECT_GT(report->rows, 0U);
    static const db::Query kBodies{"test.accounts.bodies", "SELECT body FROM ledger_entry"};
    ASSERT_TRUE(database_->read([&](const db::Reader& reader) {
      return reader.each(kBodies, [&](const db::Row& row) {
        const auto body = text_of(row.blob(0));
        EXPECT_EQ(body.find("\"ada\""), std::string_view::npos) << body;
        EXPECT_EQ(body.find("example.org"), std::string_view::npos) << body;
        EXPECT_EQ(body.find("argon2"), std::string_view::npos) << body;
        return true;
      });
    }));
  }

  ManualClock clock_{parse_rfc3339("2026-11-23T08:00:00Z").value()};
  Service service_{*database_, clock_, quick()};
};
HF_BOTH_ENGINES(Accounts);

TEST_P(Accounts, TheSetUpLinkMakesOneAdministratorOnce) {
  const auto old = service_.setup_link();
  const auto link = service_.setup_link();  // a restart prints a new one, and the old one ends
  ASSERT_TRUE(link && *link);
  const NewAccount ada{
      .name = "Ada", .password = std::string(kPassword), .email = "ada@example.org", .roles = {"compliance"}};
  EXPECT_EQ(code(service_.set_up(old.value()->text(), ada)), "HF-ACCOUNT-0001");
  EXPECT_EQ(code(service_.set_up("", ada)), "HF-ACCOUNT-0001");
  EXPECT_EQ(code(service_.set_up(link.value()->text(), {.name = "ada", .password = "too short"})), "HF-ACCOUNT-0005");
  EXPECT_EQ(code(service_.set_up(link.value()->text(),
                                 {.name = "ada", .password = std::string(kPassword), .roles = {"auditor"}})),
            "HF-ACCOUNT-0003");
  const auto made = service_.set_up(link.value()->text(), ada);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->name, "ada");
  EXPECT_EQ(made->roles, (std::vector<std::string>{"administrator", "compliance"}));
  EXPECT_EQ(code(service_.set_up(link.value()->text(), ada)), "HF-ACCOUNT-0002");
  EXPECT_FALSE(service_.setup_link().value());
  expect_evidence();
}

TEST_P(Accounts, OfTwoWhoUseTheLinkAtOnceOneWins) {
  const auto link = service_.setup_link();
  std::atomic<int> won = 0;
  std::vector<std::thread> both;
  for (const auto* name : {"ada", "eve"})
    both.emplace_back([&, name] {
      won += service_.set_up(link.value()->text(), {.name = name, .password = std::string(kPassword)}).has_value();
    });
  for (auto& thread : both) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(service_.accounts({0}, 10)->size(), 1U);
}

TEST_P(Accounts, TheSetUpLinkExpires) {
  const auto link = service_.setup_link();
  clock_.advance(24h);
  EXPECT_EQ(code(service_.set_up(link.value()->text(), {.name = "ada", .password = std::string(kPassword)})),
            "HF-ACCOUNT-0001");
}

TEST_P(Accounts, SigningInTellsNothingAboutWhatIsWrong) {
  const auto ada = first();
  const auto bob = add(ada, "bob", {"auditor"});
  ASSERT_TRUE(service_.change(actor(ada), bob.id, {.disabled = true}));
  std::vector<std::string> messages;
  for (const auto& [name, password] :
       std::vector<std::pair<std::string, std::string>>{{"ada", "wrong horse battery"},
                                                        {"nobody", std::string(kPassword)},
                                                        {"bob", std::string(kPassword)},
                                                        {"ada", ""},
                                                        {"", ""},
                                                        {"ada' OR '1'='1", "x"},
                                                        {std::string("ada\0x", 5), std::string(kPassword)},
                                                        {"ada", std::string(5000, 'x')}}) {
    const auto refused = service_.sign_in(name, password, "192.0.2." + std::to_string(messages.size()));
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().kind, ErrorKind::unauthenticated);
    messages.push_back(refused.error().message);
  }
  for (const auto& message : messages) EXPECT_EQ(message, messages.front());
  const auto signed_in = service_.sign_in("ADA", kPassword, "192.0.2.99");
  ASSERT_TRUE(signed_in) << signed_in.error().message;
  EXPECT_EQ(signed_in->session.account.id, ada.id);
  expect_evidence();
}

TEST_P(Accounts, ASessionEndsByItselfAndByHand) {
  first();
  const auto enter = [&] { return service_.sign_in("ada", kPassword, "192.0.2.1").value(); };
  const auto running = [&](const SignedIn& s) { return service_.session(s.token.text()).value().has_value(); };
  const auto idle = enter();
  EXPECT_TRUE(running(idle));
  EXPECT_FALSE(service_.session("").value());
  EXPECT_FALSE(service_.session("x").value());
  clock_.advance(29min);
  EXPECT_TRUE(running(idle));
  clock_.advance(30min);
  EXPECT_TRUE(running(idle)) << "it was seen 30 minutes ago";
  clock_.advance(32min);
  EXPECT_FALSE(running(idle));

  const auto busy = enter();
  int rounds = 0;
  while (running(busy) && rounds < 100) clock_.advance(20min), ++rounds;
  EXPECT_EQ(rounds, 36) << "12 hours, however busy";

  const auto left = enter(), stays = enter();
  ASSERT_TRUE(service_.sign_out(left.session));
  EXPECT_FALSE(running(left));
  EXPECT_TRUE(running(stays));
  clock_.set(clock_.now() - 24h);
  EXPECT_TRUE(running(stays)) << "a clock that went back ends nothing";
  expect_evidence();
}

TEST_P(Accounts, ANewSessionEndsTheOldestOfMany) {
  first();
  std::vector<SignedIn> all;
  for (int i = 0; i < 21; ++i) all.push_back(service_.sign_in("ada", kPassword, "192.0.2.1").value());
  EXPECT_FALSE(service_.session(all[0].token.text()).value());
  EXPECT_TRUE(service_.session(all[1].token.text()).value());
  EXPECT_TRUE(service_.session(all[20].token.text()).value());
  expect_evidence();
}

TEST_P(Accounts, GuessingIsSlowedByAccountAndAddress) {
  const auto ada = first();
  add(ada, "bob", {"auditor"});
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(code(service_.sign_in("ada", "wrong horse battery", "192.0.2.1")), "HF-ACCOUNT-0010");
  EXPECT_EQ(code(service_.sign_in("ada", kPassword, "192.0.2.1")), "HF-ACCOUNT-0011");
  EXPECT_EQ(code(service_.sign_in("Ada", kPassword, "192.0.2.1")), "HF-ACCOUNT-0011");
  EXPECT_TRUE(service_.sign_in("ada", kPassword, "192.0.2.2")) << "the owner elsewhere is not locked out";
  EXPECT_TRUE(service_.sign_in("bob", kPassword, "192.0.2.1")) << "nor the colleague beside";
  clock_.advance(15min);
  EXPECT_TRUE(service_.sign_in("ada", kPassword, "192.0.2.1"));
  // One address that tries many names
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(code(service_.sign_in("name" + std::to_string(i), "x", "192.0.2.3")), "HF-ACCOUNT-0010");
  EXPECT_EQ(code(service_.sign_in("bob", kPassword, "192.0.2.3")), "HF-ACCOUNT-0011");
  // One name from many addresses
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(code(service_.sign_in("bob", "x", "198.51.100." + std::to_string(i))), "HF-ACCOUNT-0010");
  EXPECT_EQ(code(service_.sign_in("bob", kPassword, "203.0.113.1")), "HF-ACCOUNT-0011");
  EXPECT_TRUE(service_.sign_in("ada", kPassword, "203.0.113.1"));
}

TEST_P(Accounts, ASuccessForgetsTheFailuresBeforeIt) {
  first();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(code(service_.sign_in("ada", "x", "192.0.2.1")), "HF-ACCOUNT-0010");
    EXPECT_TRUE(service_.sign_in("ada", kPassword, "192.0.2.1"));
  }
}

TEST_P(Accounts, UsersAreCheckedAndTheirNamesAreTheirOwn) {
  const auto ada = first();
  const auto attempt = [&](std::string name, std::string password, std::vector<std::string> roles,
                           std::optional<std::string> email = {}) {
    return code(service_.create(actor(ada), {.name = std::move(name),
                                             .password = std::move(password),
                                             .email = std::move(email),
                                             .roles = std::move(roles)}));
  };
  const std::string good(kPassword);
  EXPECT_EQ(attempt("ADA", good, {"auditor"}), "HF-ACCOUNT-0007");
  for (const auto* name : {"", "a b", "a\"b", "a;b", "ä", "<b>", "a\nb"})
    EXPECT_EQ(attempt(name, good, {"auditor"}), "HF-ACCOUNT-0004") << name;
  EXPECT_EQ(attempt(std::string(65, 'a'), good, {"auditor"}), "HF-ACCOUNT-0004");
  for (const auto& password :
       {std::string("fourteen chars"), std::string(1025, 'x') + "y", std::string(20, 'a'), std::string("\xff") + good})
    EXPECT_EQ(attempt("bob", password, {"auditor"}), "HF-ACCOUNT-0005") << password;
  EXPECT_EQ(attempt("a-very-long-name-1", "A-very-long-name-1", {"auditor"}), "HF-ACCOUNT-0005");
  EXPECT_EQ(attempt("bob", good, {}), "HF-ACCOUNT-0003");
  EXPECT_EQ(attempt("bob", good, {"root"}), "HF-ACCOUNT-0003");
  EXPECT_EQ(attempt("bob", good, {"auditor"}, "bob"), "HF-ACCOUNT-0006");
  EXPECT_EQ(attempt("bob", good, {"auditor"}, "bob@exa mple.org"), "HF-ACCOUNT-0006");
  EXPECT_EQ(attempt("bob", good, {"auditor", "auditor"}, "bob@example.org"), "");
  EXPECT_EQ(service_.accounts({0}, 10)->size(), 2U);
  EXPECT_EQ(service_.accounts(ada.id, 10)->size(), 1U);
  expect_evidence();
}

TEST_P(Accounts, DutiesStaySeparate) {
  const auto ada = first();
  const auto bob = add(ada, "bob", {"release_engineer"});
  EXPECT_EQ(code(service_.change(actor(ada), bob.id, {.roles = {{"release_engineer", "crypto_officer"}}})),
            "HF-ACCOUNT-0003");
  EXPECT_EQ(code(service_.change(actor(ada), ada.id, {.roles = {{"administrator", "compliance"}}})), "HF-ACCOUNT-0008");
  EXPECT_EQ(code(service_.change(actor(ada), ada.id, {.disabled = true})), "HF-ACCOUNT-0008");
  // By whatever way it comes: one administrator stays.
  EXPECT_EQ(code(service_.change({"system", "server"}, ada.id, {.roles = {{"auditor"}}})), "HF-ACCOUNT-0008");
  EXPECT_EQ(code(service_.change({"system", "server"}, ada.id, {.disabled = true})), "HF-ACCOUNT-0008");
  EXPECT_EQ(service_.account(ada.id)->roles, std::vector<std::string>{"administrator"});
  ASSERT_TRUE(service_.change(actor(ada), bob.id, {.roles = {{"administrator"}}}));
  EXPECT_TRUE(service_.change(actor(bob), ada.id, {.disabled = true}));
  EXPECT_EQ(code(service_.change(actor(ada), {999'999}, {.disabled = true})), "HF-ACCOUNT-0009");
  expect_evidence();
}

TEST_P(Accounts, ANewPasswordOrDisablingEndsTheSessions) {
  const auto ada = first();
  const auto bob = add(ada, "bob", {"compliance"});
  auto one = service_.sign_in("bob", kPassword, "192.0.2.1").value(),
       two = service_.sign_in("bob", kPassword, "192.0.2.1").value();
  EXPECT_EQ(
      code(service_.change_own_password(one.session, "wrong horse battery", "another horse battery", "192.0.2.1")),
      "HF-ACCOUNT-0010");
  EXPECT_EQ(code(service_.change_own_password(one.session, kPassword, "short", "192.0.2.1")), "HF-ACCOUNT-0005");
  ASSERT_TRUE(service_.change_own_password(one.session, kPassword, "another horse battery", "192.0.2.1"));
  EXPECT_TRUE(service_.session(one.token.text()).value());
  EXPECT_FALSE(service_.session(two.token.text()).value());
  EXPECT_EQ(code(service_.sign_in("bob", kPassword, "192.0.2.1")), "HF-ACCOUNT-0010");
  ASSERT_TRUE(service_.change(actor(ada), bob.id, {.password = "a third horse battery"}));
  EXPECT_FALSE(service_.session(one.token.text()).value());
  const auto three = service_.sign_in("bob", "a third horse battery", "192.0.2.1").value();
  ASSERT_TRUE(service_.change(actor(ada), bob.id, {.disabled = true}));
  EXPECT_FALSE(service_.session(three.token.text()).value());
  ASSERT_TRUE(service_.change(actor(ada), bob.id, {.disabled = false}));
  EXPECT_FALSE(service_.session(three.token.text()).value()) << "an ended session does not come back";
  expect_evidence();
}

TEST_P(Accounts, APasswordIsHashedAgainAtTheNewCost) {
  first();
  auto settings = quick();
  settings.password_cost.passes = 2;
  Service costlier(*database_, clock_, settings);
  EXPECT_TRUE(costlier.sign_in("ada", kPassword, "192.0.2.1"));
  static const db::Query kPhc{"test.accounts.phc", "SELECT password FROM account"};
  const auto phc = database_->read(
      [&](const db::Reader& reader) { return reader.find(kPhc, [](const db::Row& row) { return row.string(0); }); });
  EXPECT_NE((*phc)->find("t=2"), std::string::npos) << **phc;
  EXPECT_TRUE(costlier.sign_in("ada", kPassword, "192.0.2.1"));
  expect_evidence();
}

TEST_P(Accounts, TokensAreScopedExpiringAndRevocable) {
  const auto ada = first();
  const auto bob = add(ada, "bob", {"release_engineer"});
  const auto make = [&](std::string name, std::vector<std::string> scopes, std::optional<Time> end = {}) {
    return service_.create_token(actor(bob), bob.id,
                                 {.name = std::move(name), .scopes = std::move(scopes), .expires_at = end});
  };
  EXPECT_EQ(code(make("", {"catalog.read"})), "HF-ACCOUNT-0013");
  EXPECT_EQ(code(make(std::string(65, 'x'), {"catalog.read"})), "HF-ACCOUNT-0013");
  EXPECT_EQ(code(make("ci", {})), "HF-ACCOUNT-0013");
  EXPECT_EQ(code(make("ci", {"accounts.manage"})), "HF-ACCOUNT-0013") << "more than the owner has";
  EXPECT_EQ(code(make("ci", {"nonsense"})), "HF-ACCOUNT-0013");
  EXPECT_EQ(code(make("ci", {"catalog.read"}, clock_.now())), "HF-ACCOUNT-0013");
  EXPECT_EQ(code(make("ci", {"catalog.read"}, clock_.now() + 24h * 367)), "HF-ACCOUNT-0013");

  const auto made = make("ci", {"sbom.write", "catalog.read", "sbom.write"}, clock_.now() + 24h);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->token.scopes, (std::vector<std::string>{"catalog.read", "sbom.write"}));
  const std::string secret(made->secret->text());
  EXPECT_TRUE(secret.starts_with("hft_") && secret.size() == 47) << secret.size();
  EXPECT_EQ(service_.token(secret).value()->id, made->token.id);
  for (const auto& wrong : {std::string(), std::string("hft_"), secret.substr(0, 46), secret + "x", secret.substr(4),
                            "hft_" + std::string(1000, 'a')})
    EXPECT_FALSE(service_.token(wrong).value()) << wrong;

  clock_.advance(24h);
  EXPECT_FALSE(service_.token(secret).value()) << "expired";
  const auto second = make("ci2", {"catalog.read"}), third = make("ci3", {"catalog.read"});
  EXPECT_EQ(code(service_.revoke_token(actor(ada), second->token.id, ada.id)), "HF-ACCOUNT-0014") << "not hers";
  ASSERT_TRUE(service_.revoke_token(actor(bob), second->token.id, bob.id));
  EXPECT_FALSE(service_.token(second->secret->text()).value());
  EXPECT_EQ(code(service_.revoke_token(actor(bob), second->token.id, bob.id)), "HF-ACCOUNT-0014");
  EXPECT_TRUE(service_.token(third->secret->text()).value());
  ASSERT_TRUE(service_.change(actor(ada), bob.id, {.disabled = true}));
  EXPECT_FALSE(service_.token(third->secret->text()).value()) << "its owner is disabled";
  EXPECT_EQ(service_.tokens(bob.id, {0}, 10)->size(), 3U);
  EXPECT_EQ(service_.tokens({}, {0}, 2)->size(), 2U);
  expect_evidence();
}

TEST_P(Accounts, AVerifiedClientCertificateStandsForASecret) {
  const auto ada = first();
  const std::string hex(64, 'a');
  std::string colons;
  for (int i = 0; i < 32; ++i) colons += i == 0 ? "AA" : ":AA";
  const auto make = [&](const std::string& fingerprint) {
    return service_.create_token(actor(ada), ada.id,
                                 {.name = "line 4", .scopes = {"accounts.read"}, .certificate_sha256 = fingerprint});
  };
  for (const auto& wrong : {std::string(), std::string(63, 'a'), std::string(64, 'g'), hex + "a"})
    EXPECT_EQ(code(make(wrong)), "HF-ACCOUNT-0013") << wrong;
  const auto made = make(colons);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->secret);
  EXPECT_EQ(made->token.certificate_sha256, hex);
  EXPECT_EQ(code(make(hex)), "HF-ACCOUNT-0015") << "the same in another notation";

  Authenticator authenticator(service_);
  net::Request request;
  request.peer.certificate = std::make_shared<net::ClientCertificate>(
      net::ClientCertificate{.der = {}, .sha256 = hex, .subject_cn = {}, .verified = true});
  EXPECT_EQ(authenticator.authenticate(request)->id, subject_of(made->token.id));
  EXPECT_EQ(authenticator.authenticate(request)->permissions, std::vector<std::string>{"accounts.read"});
  request.peer.certificate = std::make_shared<net::ClientCertificate>(
      net::ClientCertificate{.der = {}, .sha256 = hex, .subject_cn = {}, .verified = false});
  EXPECT_EQ(code(authenticator.authenticate(request)), "HF-ACCOUNT-0030") << "shown, but to no anchor of the listener";
  request.peer.certificate = std::make_shared<net::ClientCertificate>(
      net::ClientCertificate{.der = {}, .sha256 = std::string(64, 'b'), .subject_cn = {}, .verified = true});
  EXPECT_EQ(code(authenticator.authenticate(request)), "HF-ACCOUNT-0030") << "not registered";
  EXPECT_FALSE(service_.token("x509-sha256:" + hex).value()) << "a fingerprint is no secret";

  ASSERT_TRUE(service_.revoke_token(actor(ada), made->token.id, ada.id));
  EXPECT_FALSE(service_.token_of_certificate(hex).value());
  EXPECT_EQ(code(make(hex)), "HF-ACCOUNT-0015") << "a revoked certificate does not come back";
  expect_evidence();
}

TEST(Permissions, TheTableIsSound) {
  for (const auto& role : roles()) {
    EXPECT_FALSE(role.permissions.empty());
    for (const auto permission : role.permissions) EXPECT_TRUE(is_permission(permission)) << permission;
  }
  for (const auto& conflict : conflicts())
    for (const auto name : {conflict.one, conflict.other}) EXPECT_TRUE(check_roles({std::string(name)})) << name;
  const auto auditor = permissions_of(std::vector<std::string>{"auditor"});
  for (const auto& permission : auditor) EXPECT_TRUE(permission.ends_with(".read")) << permission;
  for (const auto& permission : permissions()) {
    bool held = false;
    for (const auto& role : roles())
      held = held || std::count(role.permissions.begin(), role.permissions.end(), permission.name) > 0;
    EXPECT_TRUE(held) << permission.name << " is given to nobody";
  }
}

}  // namespace
}  // namespace hf::accounts
