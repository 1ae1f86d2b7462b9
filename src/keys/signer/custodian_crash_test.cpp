// What the machine does to the signer: a full disk, a power cut, a restored backup.
#include <sys/resource.h>
#include <csignal>
#include <fstream>
#include <set>

#include "keys/signer/custodian_fixture.h"

namespace hf::keys {
namespace {

namespace fs = std::filesystem;
using namespace test;
using namespace std::chrono_literals;

using CustodianCrash = CustodianTest;

// No file of this process grows above so many bytes while it lives, as on a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(std::uintmax_t size) {
    std::signal(SIGXFSZ, SIG_IGN);  // else write() kills instead of failing
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{size, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

// Abuse case 43: the disk is full between the decision and the signature.
TEST_F(CustodianCrash, Abuse43OnAFullDiskNothingIsSignedAndNothingIsUsed) {
  const auto twice = order(2);
  EXPECT_EQ(signing(twice), "ok");
  for (const std::uintmax_t room : {0U, 1U, 60U}) {
    reopen();
    const FullDisk full(fs::file_size(signer() / "journal") + room);
    arm("C_Sign", kDeviceError);
    EXPECT_EQ(signing(twice), "HF-SIGNER-0003") << room;
    EXPECT_EQ(fault_->times, 1) << "the token was asked for what could not be written down";
    fault_->reset();
  }
  // With room again it goes on after a start, which takes away what was half written.
  reopen();
  EXPECT_EQ(signing(twice), "ok");
  EXPECT_EQ(signing(twice), "used");
}

// Abuse case 44: the power goes at any byte of what is written. Whatever was released is used afterwards.
TEST_F(CustodianCrash, Abuse44AfterAPowerCutNoUseIsForgottenThatGaveASignature) {
  constexpr int kUses = 3;
  const auto order_of_three = order(kUses);
  const auto journal = signer() / "journal";
  std::vector<std::uintmax_t> durable;  // bytes on disk when the n-th signature was released
  for (int i = 0; i < kUses; ++i) {
    ASSERT_EQ(signing(order_of_three), "ok");
    durable.push_back(fs::file_size(journal));
  }
  custodian_.reset();
  const auto text = [&] {
    std::ifstream file(journal, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  std::set<std::size_t> cuts{text.size()};
  for (auto end = text.find('\n', durable[0]); end != std::string::npos; end = text.find('\n', end + 1))
    cuts.insert({end - 100, end - 1, end, end + 1, end + 2});
  for (const auto cut : cuts) {
    std::ofstream(journal, std::ios::binary | std::ios::trunc) << text.substr(0, cut);
    custodian_ = open();
    ASSERT_TRUE(custodian_) << "cut at " << cut;
    const auto released = std::count_if(durable.begin(), durable.end(), [&](auto size) { return size <= cut; });
    int more = 0;
    while (more <= kUses && signing(order_of_three) == "ok") ++more;
    ASSERT_LE(released + more, kUses) << "cut at " << cut;
    custodian_.reset();
  }
}

// Abuse case 45: a backup is restored, and the journal with it. What was used since is not known any more.
TEST_F(CustodianCrash, Abuse45AfterARestoreNothingCountsThatWasApprovedBefore) {
  const auto before = order(2);
  const auto saved = dir_.path() / "saved";
  fs::copy(signer(), saved, fs::copy_options::recursive);
  EXPECT_EQ(signing(before), "ok");
  EXPECT_EQ(signing(before), "ok");
  custodian_.reset();
  fs::remove_all(signer());
  fs::rename(saved, signer());
  std::ofstream(signer() / kRestoredMark);
  clock_.advance(1s);
  custodian_ = open();
  ASSERT_TRUE(custodian_);
  EXPECT_FALSE(fs::exists(signer() / kRestoredMark));
  EXPECT_EQ(signing(before), "restored");
  reopen();  // it is in the journal
  EXPECT_EQ(signing(before), "restored");
  clock_.advance(1s);
  auto anew = request_for(charter_, kEvidence);
  anew.created_at = clock_.now();
  anew.expires_at = clock_.now() + 1h;
  auto fresh = order();
  fresh.request = anew;
  fresh.approvals.clear();
  for (const auto* person : {&cast_.ann, &cast_.bob})
    fresh.approvals.push_back(approval_by(*person, anew, Decision::approve, clock_.now()));
  EXPECT_EQ(signing(fresh), "ok");
}

}  // namespace
}  // namespace hf::keys
