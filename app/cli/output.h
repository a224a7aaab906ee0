#pragma once

#include "core/progress.h"
#include "core/train/training_point.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>

namespace tt::cli {

using Json = nlohmann::ordered_json;

/// Where results and progress of a command go: one JSON document on stdout with --json, else text; progress to stderr,
/// as a bar with rate and time left on a terminal, as a line every few seconds elsewhere, nothing with --quiet.
class Output {
public:
    bool json = false;
    bool quiet = false;

    /// The result of the command: `document` with --json, `text` without.
    void result(const Json &document, const std::string &text) const;
    /// A remark for people, on stderr.
    void note(const std::string &text) const;
    [[nodiscard]] ProgressSink progress();
    [[nodiscard]] TrainingSink training(const std::string &what);

private:
    void bar(const std::string &what, double done, double total, const std::string &rate, double secondsLeft,
             bool last);
    std::chrono::steady_clock::time_point stageStart_{}, lastLine_{};
    std::string stage_;
    double stageDone_ = 0; ///< what was done before the stage began, of a download that goes on
    bool open_ = false;    ///< a bar is on the terminal's line
};

/// "6 min 13 s", "41 s"
std::string duration(double seconds);
/// Three significant figures: "0.144", "12.3"
std::string figures(double value, int digits = 3);
/// 22,104,771
std::string grouped(double value);
/// Throws Error where a number in the document is not finite.
void checkFinite(const Json &document);
/// A token for JSON: its text, and its bytes in hex where it is a part of a UTF-8 character.
Json tokenJson(const std::string &text, std::string_view bytes);

} // namespace tt::cli
