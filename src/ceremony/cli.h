// holdfast ceremony ...: on the machine that is not connected (cli_machine.cpp, cli_run.cpp), for scripts and requests
// (cli_files.cpp), and on the installation (cli.cpp).
#pragma once

#include <span>

#include "base/text.h"
#include "ceremony/transcript.h"
#include "cli/command.h"

namespace hf::ceremony {

[[nodiscard]] std::span<const cli::Command> commands();          // of the installation
[[nodiscard]] std::span<const cli::Command> file_commands();     // scripts, requests, transcripts as files
[[nodiscard]] std::span<const cli::Command> machine_commands();  // init, run

[[nodiscard]] Result<Bytes> read_file(std::string_view name, std::size_t max);
[[nodiscard]] Result<void> write_file(std::string_view name, ByteView bytes);  // whole or not at all
// The first block of a PEM file with this label, or the file itself if it is DER. HF-CEREMONY-0021.
[[nodiscard]] Result<Bytes> der_of_file(std::string_view name, std::string_view label);
[[nodiscard]] Result<std::vector<crypto::PublicKey>> public_keys_of(std::span<const std::string> files);
// Its steps as a table, for people.
[[nodiscard]] std::string table_of(const Transcript& transcript);

inline constexpr std::size_t kScriptFileMax = 1U << 20, kTranscriptFileMax = 64U << 20;

}  // namespace hf::ceremony
