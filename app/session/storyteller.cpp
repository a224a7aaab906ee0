#include "app/session/storyteller.h"

#include "core/error.h"

#include <chrono>
#include <utility>

namespace tt {

namespace {
constexpr std::chrono::milliseconds betweenBatches{33};
} // namespace

void Storyteller::setWorkspace(const Workspace &workspace) {
    stop();
    workspace_ = std::make_unique<Workspace>(workspace);
}

void Storyteller::stop() {
    stop_.request_stop();
}

void Storyteller::tellIfIdle(int id, const StoryRequest &request) {
    if (waiting_ == 0)
        tell(id, request);
}

void Storyteller::tell(int id, const StoryRequest &request) {
    if (!workspace_)
        return;
    stop();
    ++waiting_;
    stop_ = worker_.post([this, id, request, workspace = *workspace_](const std::stop_token &stop) {
        std::vector<StoryToken> pending;
        auto last = std::chrono::steady_clock::now();
        const auto flush = [&] {
            if (!pending.empty())
                handOver(this, [this, id, tokens = std::exchange(pending, {})] { Q_EMIT tokensArrived(id, tokens); });
            last = std::chrono::steady_clock::now();
        };
        QString problem;
        try { // the one place where their errors arrive
            tellStory(
                workspace, request,
                [&](int64_t step) {
                    handOver(this, [this, id, step, prompt = QString::fromStdString(request.prompt)] {
                        Q_EMIT started(id, step, prompt);
                    });
                },
                [&](const StoryToken &token) {
                    pending.push_back(token);
                    if (std::chrono::steady_clock::now() - last >= betweenBatches)
                        flush();
                },
                stop);
        } catch (const std::exception &error) {
            const auto *known = dynamic_cast<const Error *>(&error);
            if (!known || known->kind() != Error::Kind::Cancelled)
                problem = QString::fromStdString(error.what());
        }
        flush();
        handOver(this, [this, id, problem] {
            --waiting_;
            Q_EMIT ended(id, problem);
        });
    });
}

} // namespace tt
