#include "app/cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace tt::cli {

namespace {
constexpr double secondsBetweenLines = 10; // where stderr is no terminal
constexpr int barWidth = 24;

double since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
} // namespace

std::string duration(double seconds) {
    const auto total = static_cast<long>(std::lround(std::max(0.0, seconds)));
    if (total >= 3600)
        return std::to_string(total / 3600) + " h " + std::to_string(total % 3600 / 60) + " min";
    if (total >= 60)
        return std::to_string(total / 60) + " min " + std::to_string(total % 60) + " s";
    return std::to_string(total) + " s";
}

std::string figures(double value, int digits) {
    if (std::abs(value) >= 1000 && std::abs(value) < 1e15)
        return grouped(value);
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
    return buffer;
}

std::string grouped(double value) {
    std::string digits = std::to_string(std::llround(value));
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (digits[0] == '-' ? 1 : 0); at -= 3)
        digits.insert(static_cast<size_t>(at), ",");
    return digits;
}

void checkFinite(const Json &document) {
    if (document.is_structured())
        for (const auto &each : document)
            checkFinite(each);
    else if (document.is_number_float() && !std::isfinite(document.get<double>()))
        throw Error("A result is not a finite number; the weights are damaged or the training diverged.");
}

Json tokenJson(const std::string &text, std::string_view bytes) {
    if (text == bytes)
        return text;
    Json token{{"text", text}, {"bytes", Json::array()}};
    for (const char byte : bytes)
        token["bytes"].push_back(static_cast<unsigned char>(byte));
    return token;
}

void Output::result(const Json &document, const std::string &text) const {
    checkFinite(document);
    if (json)
        std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << std::endl;
    else
        std::cout << text << (text.empty() || text.back() == '\n' ? "" : "\n") << std::flush;
}

void Output::note(const std::string &text) const {
    if (!quiet)
        std::cerr << text << std::endl;
}

void Output::bar(const std::string &what, double done, double total, const std::string &rate, double secondsLeft,
                 bool last) {
    const bool terminal = isatty(STDERR_FILENO) != 0;
    if (!terminal && !last && since(lastLine_) < secondsBetweenLines)
        return;
    lastLine_ = std::chrono::steady_clock::now();
    std::string line = what;
    if (total > 0) {
        const double share = std::clamp(done / total, 0.0, 1.0);
        const int full = static_cast<int>(share * barWidth);
        if (terminal)
            line += "  " + std::string(static_cast<size_t>(full), '#') +
                    std::string(static_cast<size_t>(barWidth - full), '.');
        line += "  " + std::to_string(static_cast<int>(share * 100)) + " %";
    }
    line += rate.empty() ? "" : "  " + rate;
    if (!last && secondsLeft > 0)
        line += "  " + duration(secondsLeft) + " left";
    std::cerr << (terminal ? "\r\033[K" : "") << line << (terminal && !last ? "" : "\n") << std::flush;
    open_ = terminal && !last;
}

ProgressSink Output::progress() {
    if (quiet)
        return {};
    return [this](const Progress &progress) {
        if (progress.what != stage_) {
            stage_ = progress.what;
            stageStart_ = lastLine_ = std::chrono::steady_clock::now();
            stageDone_ = progress.done;
        }
        const double seconds = since(stageStart_), perSecond = (progress.done - stageDone_) / std::max(seconds, 1e-3);
        const bool last = progress.total > 0 && progress.done >= progress.total;
        const bool bytes = progress.unit == "bytes";
        const std::string rate =
            bytes ? figures(perSecond / 1e6) + " MB/s"
                  : (perSecond < 10 ? figures(perSecond) : grouped(perSecond)) + " " + progress.unit + "/s";
        bar(progress.what, progress.done, progress.total, rate,
            progress.total > 0 && perSecond > 0 ? (progress.total - progress.done) / perSecond : 0, last);
    };
}

TrainingSink Output::training(const std::string &what) {
    if (quiet)
        return {};
    return [this, what](const TrainingPoint &point) {
        std::string rate =
            "step " + grouped(static_cast<double>(point.step)) + "  " + grouped(point.tokensPerSecond) + " tokens/s";
        for (const char *name : {"train_loss", "train_fvu_0", "train_fvu_1"})
            if (const auto value = point.value(name))
                rate += "  " + std::string(name) + " " + figures(*value);
        bar(what, static_cast<double>(point.step), static_cast<double>(point.steps), rate, point.secondsLeft,
            point.step == point.steps);
    };
}

} // namespace tt::cli
