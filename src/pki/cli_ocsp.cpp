// pki ocsp add, pki ocsp-respond: who answers for a CA, and one answer without a server.
#include <filesystem>
#include <ostream>

#include "keys/cli_installation.h"
#include "pki/cli.h"
#include "pki/cli_files.h"
#include "pki/responder.h"

namespace hf::pki {
namespace {

Result<cli::Exit> add(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto certificate, certificate_in(*args.option("certificate")));
  NewResponder wanted{.authority = std::string(*args.option("ca")),
                      .key = std::string(*args.option("key")),
                      .grant = std::string(*args.option("grant")),
                      .product = std::string(args.option("product").value_or("")),
                      .certificate = certificate.der};
  HF_TRY(wanted.hours, args.integer("hours", 24, 1, 720));
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  const Registry registry(instance->database(), instance->clock());
  Responder responder(registry, nullptr, instance->database(), instance->clock());
  HF_CHECK(responder.add(wanted, instance::cli_actor()));
  HF_CHECK(instance->log().advance());
  terminal.out << certificate.subject.text() << " answers for the CA " << wanted.authority << " until "
               << format_rfc3339(certificate.validity.not_after) << "\n";
  return cli::kOk;
}

Result<cli::Exit> respond(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto request, read_file(args.positional(0), kOcspRequestMax));
  HF_TRY(const auto open, keys::open_installation(args));
  auto& database = open.instance->database();
  const Registry registry(database, open.instance->clock());
  Responder responder(registry, open.service.get(), database, open.instance->clock());
  HF_TRY(const auto reply, responder.answer(*args.option("ca"), request, open.actor));
  HF_CHECK(write_file(*args.option("out"), *reply.response));
  HF_CHECK(open.instance->log().advance());
  terminal.out << *args.option("out") << ": good until " << format_rfc3339(reply.next_update) << "\n";
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> ocsp_commands() {
  static const cli::Option ca{.name = "ca", .value = "NAME", .help = "The CA that is answered for", .required = true};
  static const std::vector<cli::Command> table{
      {{.name = "pki ocsp add",
        .summary = "Say which key answers OCSP requests for a CA",
        .details =
            "A delegated responder (RFC 6960 4.2.2.2): its certificate is issued by the CA itself, of the profile\n"
            "ocsp-responder; its key has a charter with the format ocsp alone, and a standing grant for the requester\n"
            "service:ocsp. The newest one answers.",
        .options = {instance::kDataOption,
                    ca,
                    {.name = "certificate", .value = "FILE", .help = "The responder's", .required = true},
                    {.name = "key", .value = "KEY", .help = "Its key's name in the register", .required = true},
                    {.name = "grant",
                     .value = "REQUEST",
                     .help = "holdfast sign grant --format ocsp --requester service:ocsp",
                     .required = true},
                    {.name = "product", .value = "PATH", .help = "Else the grant's"},
                    {.name = "hours", .value = "N", .help = "For which an answer holds; else 24"}},
        .examples = {"holdfast pki ocsp add --ca devices --certificate ocsp.pem --key ocsp --grant 4f1c2a90"}},
       &add},
      {{.name = "pki ocsp-respond",
        .summary = "Answer one OCSP request, without a server",
        .details = "",
        .positionals = {{.name = "REQUEST", .help = "OCSPRequest, DER: openssl ocsp -reqout"}},
        .options = {instance::kDataOption,
                    ca,
                    {.name = "out", .value = "FILE", .help = "OCSPResponse, DER", .required = true}},
        .examples = {"holdfast pki ocsp-respond request.der --ca devices --out response.der"}},
       &respond},
  };
  return table;
}

}  // namespace hf::pki
