#include "app/session/explainer.h"

namespace tt {

Explainer::Explainer(QObject *parent) : QObject(parent), requests_({0, 0}, this) {
    connect(&requests_, &Requests::failed, this, &Explainer::fail);
}

void Explainer::fail(int kind, const QString &why) {
    if (kind == Open)
        Q_EMIT openFailed(why);
    else
        Q_EMIT failed(why);
}

void Explainer::open(const Workspace &workspace, const std::string &transcoder, int64_t snapshot) {
    requests_.stop(Prompt);
    model_.reset();
    requests_.post(Open,
                   [this, workspace, transcoder, snapshot, loaded = loaded_](const std::stop_token &token) -> Answer {
                       loaded->model.reset();
                       if (transcoder.empty())
                           return [this] {
                               Q_EMIT opened({}, {});
                               Q_EMIT modelOpened(nullptr);
                           };
                       loaded->model = loadExplainedModel(workspace, transcoder, token, snapshot);
                       return [this, model = loaded->model, gpt = loaded->model->gptName, transcoder] {
                           model_ = model;
                           Q_EMIT opened(QString::fromStdString(gpt), QString::fromStdString(transcoder));
                           Q_EMIT modelOpened(model);
                       };
                   });
}

void Explainer::openLive(std::shared_ptr<const TranscoderWeights<float>> weights, int64_t step) {
    requests_.post(
        Open, [this, weights = std::move(weights), step, loaded = loaded_](const std::stop_token &token) -> Answer {
            if (!loaded->model)
                return {};
            auto model = withLiveWeights(*loaded->model, *weights, step);
            throwIfStopped(token);
            loaded->model = model;
            return [this, model] {
                model_ = model;
                Q_EMIT opened(QString::fromStdString(model->gptName), QString::fromStdString(model->transcoderName));
                Q_EMIT modelOpened(model);
            };
        });
}

void Explainer::prompt(const QString &text) {
    requests_.post(Prompt,
                   [this, prompt = text.toStdString(), loaded = loaded_](const std::stop_token &token) -> Answer {
                       if (!loaded->model)
                           return [] {};
                       auto features = std::make_shared<PromptFeatures>(promptFeatures(*loaded->model, prompt, token));
                       return [this, features] { Q_EMIT promptRead(*features); };
                   });
}

} // namespace tt
