// The TLS identity of the listeners, and who may come to the factory's.
#pragma once

#include "cli/command.h"
#include "instance/instance.h"
#include "net/tls.h"

namespace hf::app {

// From --certificate and --private-key, or a self-signed one in the data directory, made anew in the last third of its
// life. HF-CLI-0003 one option without the other; HF-APP-0002 a file that cannot be read.
[[nodiscard]] Result<net::Tls> server_identity(const cli::Args& args, instance::Instance& instance);

// With --factory-client-ca the factory's clients must show a certificate that chains to it (mutual TLS); the token that
// it is registered as says what they may do. Without it they send a token.
[[nodiscard]] Result<net::Tls> factory_identity(const cli::Args& args, net::Tls identity);

}  // namespace hf::app
