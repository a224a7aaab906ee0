#pragma once

#include "core/io/download.h"
#include "core/text/corpus.h"
#include "core/text/tokenizer.h"

#include <string>
#include <vector>

namespace tt {

/// The files of others that the program can fetch. Their lengths and sha256 are written into it, so it takes no file
/// but the one that was published, from wherever it comes.

/// TinyStories in GPT-4's version (Eldan & Li 2023, CDLA-Sharing-1.0), from the dataset's home at a fixed revision:
/// "tinystories" to train on (2.23 GB) and "tinystories-valid" to measure with (22.5 MB).
const std::vector<DownloadSource> &publishedCorpora();
/// Throws Error(Usage) that lists them for another name.
const DownloadSource &publishedCorpus(const std::string &name);

/// Fetches a published corpus (see download) and imports it as the corpus `source.name`; the fetched file is removed
/// then. Throws Error, before anything is fetched, where there is such a corpus or the disk is too small for file and
/// corpus.
CorpusInfo downloadCorpus(const Workspace &workspace, const DownloadSource &source, std::stop_token stop,
                          const ProgressSink &progress, const DownloadPatience &patience = {});

/// vocab.bpe and encoder.json of GPT-2 as OpenAI publishes them (1.5 MB, MIT).
const std::vector<DownloadSource> &publishedGpt2Files();
/// Fetches GPT-2's two files and keeps them as a tokenizer of the workspace, whose id is returned.
std::string downloadGpt2Tokenizer(const Workspace &workspace, const std::vector<DownloadSource> &files,
                                  std::stop_token stop, const ProgressSink &progress,
                                  const DownloadPatience &patience = {});

} // namespace tt
