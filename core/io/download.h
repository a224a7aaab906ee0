#pragma once

#include "core/progress.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace tt {

/// A published file, known by its bytes: what arrives has this length and this sha256, or is thrown away.
struct DownloadSource {
    std::string name;   ///< of the file here, and in what people read
    std::string url;    ///< https
    int64_t bytes = 0;  ///< exactly; nothing is taken of a server that says or sends more
    std::string sha256; ///< of the published file, in hex
    /// PEM file of the certificates to trust in place of the system's, for a server of one's own; empty = the system's.
    std::filesystem::path certificates{};
    bool operator==(const DownloadSource &) const = default;
};

/// How long a download waits, and how often it tries again after a broken connection.
struct DownloadPatience {
    int tries = 6;           ///< connections in a row, counted from the one that brought the last new byte
    double firstPause = 1;   ///< seconds before the second try, doubled before each further one
    int connectSeconds = 30; ///< to reach the server
    int stallSeconds = 30;   ///< without a byte, before the connection counts as broken
};

/// Fetches a file into `folder`/`source.name`, where it appears when it is complete and its sha256 is right. Until then
/// it is `name`.part beside `name`.part.json; after a stop, a kill or a failure of the network both stay, and the next
/// call goes on from there (HTTP Range with If-Range; from the start where the server cannot, or has another file).
/// Only https, checked certificates, at most 5 redirects. Throws Error where the network fails for good, the server
/// offers another file (what was fetched is removed where it is the wrong one), the disk is full or another program
/// fetches the same file; Error(Cancelled) on a stop.
/// What this protects against: everything between here and the file's publication, whoever serves it. What it cannot:
/// a published file that was bad when its sha256 was written into this program.
std::filesystem::path download(const DownloadSource &source, const std::filesystem::path &folder, std::stop_token stop,
                               const ProgressSink &progress, const DownloadPatience &patience = {});

/// Bytes of a file that were fetched so far, −1 where its download was not begun in this folder.
int64_t downloadedBytes(const DownloadSource &source, const std::filesystem::path &folder);
/// Removes what was fetched of a file.
void discardDownload(const DownloadSource &source, const std::filesystem::path &folder);

} // namespace tt
