#pragma once

#include "app/session/requests.h"
#include "core/features/prompt_features.h"
#include "core/io/workspace.h"

#include <QObject>

#include <memory>

namespace tt {

/// Loads a transcoder with its GPT and answers for prompts: which features fire. Only the newest request of a kind
/// counts; older ones are stopped, and an answer that is no longer wanted is dropped.
class Explainer : public QObject {
    Q_OBJECT
public:
    explicit Explainer(QObject *parent = nullptr);

    /// Opens a transcoder; an empty name forgets the present one.
    /// `snapshot`: as it was after that step of its training; −1: as it is.
    void open(const Workspace &workspace, const std::string &transcoder, int64_t snapshot = -1);
    /// Shows other weights of the transcoder that is open: those of a step of its training.
    void openLive(std::shared_ptr<const TranscoderWeights<float>> weights, int64_t step);
    void prompt(const QString &text);
    /// The one that is open, or none; never changed, so any thread may use it.
    [[nodiscard]] std::shared_ptr<const ExplainedModel> model() const { return model_; }

Q_SIGNALS:
    void opened(const QString &gpt, const QString &transcoder);
    void openFailed(const QString &why);
    void modelOpened(const std::shared_ptr<const tt::ExplainedModel> &model); ///< after opened(); null: forgotten
    void promptRead(const tt::PromptFeatures &features);
    void failed(const QString &why);

private:
    enum Kind { Open, Prompt, Kinds };
    using Answer = Requests::Answer;
    void fail(int kind, const QString &why);

    struct Loaded {
        std::shared_ptr<const ExplainedModel> model; ///< used on the worker only
    };
    std::shared_ptr<Loaded> loaded_ = std::make_shared<Loaded>();
    std::shared_ptr<const ExplainedModel> model_;
    Requests requests_;
};

} // namespace tt
