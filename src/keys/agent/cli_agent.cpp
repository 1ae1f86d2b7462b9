#include "keys/agent/cli_agent.h"

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <ostream>

#include "base/stop_signal.h"
#include "keys/agent/http_spsdk.h"
#include "keys/agent/socket.h"
#include "keys/agent/wire.h"
#include "keys/cli_desk.h"
#include "net/server.h"

namespace hf::keys {
namespace {

using agent::Mechanism;
using agent::Op;

constexpr cli::Option kSocket{"socket", "PATH", "Of the agent (default: $XDG_RUNTIME_DIR/holdfast-agent)"};
constexpr std::size_t kPiece = 256U << 10;

Result<std::filesystem::path> socket_of(const cli::Args& args) {
  if (const auto path = args.option("socket")) return std::filesystem::path(*path);
  const auto* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime && *runtime) return std::filesystem::path(runtime) / "holdfast-agent";
  return fail(ErrorKind::invalid, "HF-CLI-0001", "XDG_RUNTIME_DIR is not set: name a path with --socket");
}

Result<cli::Exit> run(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto stop, StopSignal::block());

  HF_TRY(const auto path, socket_of(args));
  HF_TRY(const auto port, args.integer("spsdk-port", 0, 0, 65535));
  HF_TRY(auto desk, open_desk(args));
  const auto text = [&](std::string_view name) { return std::string(args.option(name).value_or("")); };
  HF_TRY(const auto signer, agent::Agent::open(std::move(desk), {args.all("key").begin(), args.all("key").end()},
                                               {text("product"), text("branch"), text("reason"), text("grant")}));
  std::mutex telling;
  HF_TRY(const auto socket, agent::Socket::serve(path, *signer, [&](std::string_view what) {
           const std::lock_guard lock(telling);
           terminal.err << what << std::endl;
         }));
  terminal.out << "agent       " << path.string() << "\n";
  std::unique_ptr<net::Server> spsdk;
  const SystemClock clock;
  if (args.flag("spsdk-port")) {
    net::Listener listener{.name = "spsdk", .address = "127.0.0.1", .port = std::uint16_t(port)};
    listener.limits.body_bytes = 64ULL << 20;
    listener.serves = std::make_shared<net::Pipeline>(net::Router(agent::spsdk_routes(*signer)));
    std::vector<net::Listener> listeners;
    listeners.push_back(std::move(listener));
    HF_TRY(spsdk, net::Server::start(std::move(listeners), clock));
    terminal.out << "spsdk       type=proxy;host=localhost;port=" << spsdk->port("spsdk") << "\n";
  }
  terminal.out << "\nCtrl-C stops.\n" << std::flush;
  stop.wait();
  return cli::kOk;
}

struct Chosen {
  Bytes name;
  Mechanism mechanism{};
  bool ec = false;
};

// The mechanism that hashes with what the key's kind signs; RSA is PKCS #1 v1.5, which boot ROMs and callouts expect.
Result<Chosen> choose(agent::Caller& caller, std::string_view wanted) {
  constexpr std::size_t kEach = 5, kP384Oid = 7;
  HF_TRY(const auto fields, caller.ask(std::uint8_t(Op::keys), {}));
  std::optional<Chosen> found;
  for (std::size_t at = 0; at + kEach <= fields.size(); at += kEach) {
    const std::string name(fields[at].begin(), fields[at].end());
    if (!wanted.empty() ? name != wanted : found.has_value()) {
      if (wanted.empty())
        return fail(ErrorKind::invalid, "HF-AGENT-0002", "the agent has several keys: name one with --key");
      continue;
    }
    const bool ec = fields[at + 1] == agent::field_of("ec");
    found = Chosen{fields[at],
                   !ec                                 ? Mechanism::sha256_rsa_pkcs
                   : fields[at + 3].size() == kP384Oid ? Mechanism::ecdsa_sha384
                                                       : Mechanism::ecdsa_sha256,
                   ec};
  }
  if (!found) return fail(ErrorKind::not_found, "HF-AGENT-0002", "the agent has no key '" + std::string(wanted) + "'");
  return *found;
}

Result<cli::Exit> sign(const cli::Args& args, cli::Terminal& terminal) {
  const auto encoding = args.option("encoding").value_or("hex");
  HF_TRY(const auto path, socket_of(args));
  HF_TRY(auto caller, agent::Caller::connect(path));
  HF_TRY(const auto key, choose(caller, args.option("key").value_or("")));
  const std::string name(args.positional(0));
  std::ifstream file(name, std::ios::binary);
  if (!file) return fail(ErrorKind::not_found, "HF-CLI-0004", "cannot open " + name);
  HF_CHECK(caller.ask(std::uint8_t(Op::hash), {agent::field_of(std::uint32_t(key.mechanism))}));
  Bytes piece(kPiece);
  while (file.read(reinterpret_cast<char*>(piece.data()), std::streamsize(piece.size())), file.gcount() > 0)
    HF_CHECK(caller.ask(std::uint8_t(Op::update), {Bytes(piece.begin(), piece.begin() + file.gcount())}));
  if (file.bad()) return fail(ErrorKind::invalid, "HF-CLI-0004", "cannot read " + name);
  HF_TRY(const auto made, caller.ask(std::uint8_t(Op::sign), {key.name,
                                                              agent::field_of(std::uint32_t(key.mechanism)),
                                                              {},
                                                              agent::field_of(args.option("grant").value_or("")),
                                                              {}}));
  if (made.size() != 1) return fail(ErrorKind::unavailable, "HF-AGENT-0005", "the agent's answer is no signature");
  auto signature = made[0];
  if (key.ec && encoding != "p1363") signature = crypto::ecdsa_to_der(signature);
  if (encoding == "base64") terminal.out << to_base64(signature) << "\n";
  else if (encoding == "hex") terminal.out << to_hex(signature) << "\n";
  else terminal.out.write(reinterpret_cast<const char*>(signature.data()), std::streamsize(signature.size()));
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> agent_commands() {
  static const std::vector<cli::Command> table = [] {
    std::vector<cli::Option> options{
        kSocket,
        {"key", "NAME", "A key that tools may ask for", true, true},
        {"product", "PATH", "The product that everything signed through this agent is for", true},
        {"grant", "DIGEST", "The standing grant to use; a tool may name another as its PIN"},
        {"branch", "NAME", "The branch that is being built"},
        {"reason", "TEXT", "Why, for requests that people approve"},
        {"spsdk-port", "PORT", "Also serve SPSDK's signature-provider protocol on the loopback; 0 takes a free port"}};
    for (auto& option : desk_options()) options.push_back(option);
    return std::vector<cli::Command>{
        {{"agent run",
          "Sign for tools that only know a token: a PKCS #11 module, SPSDK, a callout",
          "Serves processes of the same user on a local socket. libholdfast-pkcs11.so, loaded by pkcs11-tool, "
          "OpenSSL's\n"
          "engine, mkimage or any other tool, finds it at $HOLDFAST_AGENT, else where --socket has its default. The "
          "PIN "
          "that a\n"
          "tool logs in with is the beginning of a standing grant's digest; '-' asks people: the first try makes a "
          "request and\n"
          "fails, the same digest is signed once the request is approved. The key's charter must allow the format raw "
          "and\n"
          "digest_only.",
          {},
          std::move(options),
          {"holdfast agent run --key px100-fw --product px-100 --server https://holdfast.example:8443 --token-file "
           "token",
           "HOLDFAST_AGENT=/run/user/1000/holdfast-agent pkcs11-tool --module libholdfast-pkcs11.so --list-objects"}},
         run},
        {{"agent sign",
          "Have the agent sign a file, and print the signature",
          "What a callout needs: one file in, the signature out. RSA is PKCS #1 v1.5 with SHA-256; ECDSA is DER unless "
          "p1363.",
          {{"FILE", "What is signed"}},
          {kSocket,
           {"key", "NAME", "The key, if the agent has several"},
           {"grant", "DIGEST", "The standing grant to use"},
           {"encoding", "NAME", "Of the signature (default hex)", false, false, {"hex", "base64", "raw", "p1363"}}},
          {"holdfast agent sign boot.img --encoding hex"}},
         sign}};
  }();
  return table;
}

}  // namespace hf::keys
