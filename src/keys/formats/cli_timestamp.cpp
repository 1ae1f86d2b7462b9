// Time stamps of detached CMS signatures, by whatever TSA: the request, and its answer put into the signature.
#include <ostream>

#include "crypto/timestamp.h"
#include "crypto/verification.h"
#include "keys/formats/cli.h"
#include "keys/formats/cms_form.h"

namespace hf::keys {
namespace {

Result<Bytes> file_of(std::string_view path) {
  HF_TRY(const auto source, SourceFile::open(std::string(path)));
  return source.read_all(kCmsMax);
}

Result<void> write(const cli::Args& args, ByteView bytes) {
  HF_TRY(auto target, TargetFile::create(std::string(*args.option("out"))));
  HF_CHECK(target.write(bytes));
  return target.keep();
}

Result<cli::Exit> query(const cli::Args& args, cli::Terminal&) {
  HF_TRY(const auto cms, file_of(args.positional(0)));
  HF_TRY(const auto signature, crypto::cms_signature_of(cms));
  const crypto::TimeStampRequest request{
      .imprint = {crypto::Digest::sha256, crypto::digest_of(crypto::Digest::sha256, signature), true},
      .policy = {},
      .nonce = {},
      .certificates = true};
  HF_CHECK(write(args, crypto::to_der(request)));
  return cli::kOk;
}

Result<cli::Exit> attach(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto cms, file_of(args.positional(0)));
  HF_TRY(const auto answer, file_of(args.positional(1)));
  HF_TRY(const auto token, crypto::token_of_response(answer));
  HF_TRY(const auto signature, crypto::cms_signature_of(cms));
  std::vector<Bytes> trusted;
  for (const auto& name : args.all("certificate")) {
    HF_TRY(const auto pem, file_of(name));
    HF_TRY(auto blocks, crypto::pem_blocks(text_of(pem), "CERTIFICATE"));
    std::ranges::move(blocks, std::back_inserter(trusted));
  }
  HF_TRY(const auto verified, crypto::timestamp_verify(token, trusted, [&](crypto::Digest digest) {
           return crypto::digest_of(digest, signature);
         }));
  HF_TRY(const auto stamped, crypto::cms_with_timestamp(cms, token));
  HF_CHECK(write(args, stamped));
  terminal.out << "time stamp  " << format_rfc3339(verified.stamp.time) << "\n";
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> timestamp_commands() {
  static const std::vector<cli::Command> list{
      {{.name = "artifact timestamp-query",
        .summary = "Write the request for a time stamp of a detached CMS signature",
        .details = "The request (RFC 3161) is over the signature's value, without nonce. Any TSA can answer it: "
                   "'holdfast sign "
                   "run' with a\n"
                   "key of your own and the format rfc3161, or one over HTTP: curl -H 'Content-Type: "
                   "application/timestamp-query' --data-binary @q.tsq.",
        .positionals = {{.name = "FILE", .help = "the signature, such as report.pdf.p7s"}},
        .options = {{"out", "FILE", "Where the request goes", true}},
        .examples = {"holdfast artifact timestamp-query report.pdf.p7s --out q.tsq"}},
       &query},
      {{.name = "artifact timestamp-attach",
        .summary = "Put a TSA's answer into a detached CMS signature",
        .details = "Verifies it first. 'holdfast artifact verify' then takes the TSA's certificate too.",
        .positionals = {{.name = "FILE", .help = "the signature"}, {.name = "RESPONSE", .help = "the TSA's answer"}},
        .options = {{.name = "certificate",
                     .value = "PEM",
                     .help = "of the TSA, or one that its chain leads to",
                     .required = true,
                     .repeatable = true},
                    {"out", "FILE", "Where the stamped signature goes", true}},
        .examples =
            {"holdfast artifact timestamp-attach report.pdf.p7s r.tsr --certificate tsa-ca.pem --out stamped.p7s"}},
       &attach},
  };
  return list;
}

}  // namespace hf::keys
