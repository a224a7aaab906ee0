#include "app/session/feature_inspector.h"

#include "core/features/ce_effects_measure.h"
#include "core/nn/device.h"
#include "core/train/transcoder_snapshots.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tt {

namespace {
constexpr int contextBefore = 24, contextAfter = 12; // tokens of an example
constexpr size_t listedFeatures = 10, shownStories = 40;

QString timeLeft(double seconds) {
    const auto whole = static_cast<qint64>(seconds + 0.5);
    return whole < 60 ? FeatureInspector::tr("%1 s left").arg(whole)
                      : FeatureInspector::tr("%1 min %2 s left").arg(whole / 60).arg(whole % 60);
}
} // namespace

FeatureInspector::FeatureInspector(QObject *parent)
    : QObject(parent), requests_({Quick, Quick, Quick, Reader, Quick, Reader, Quick, Quick, Quick, Quick}, this) {
    requests_.postKept(Examples, [](const std::stop_token &) -> Answer {
        useThreads(std::max(1, hardwareThreads() - 1)); // the window draws the facts meanwhile
        return {};
    });
    connect(&requests_, &Requests::failed, this, [this](int kind, const QString &why) {
        if (kind == Note)
            noteEnded(true);
        Q_EMIT failed(kind == Note ? tr("The note was not kept. %1").arg(why) : why);
    });
    indexer_.post([](const std::stop_token &) { useThreads(std::max(1, hardwareThreads() - 1)); });
}

void FeatureInspector::request(Kind kind, Work work) {
    requests_.post(kind, [loaded = loaded_, work = std::move(work)](const std::stop_token &token) {
        return work(token, *loaded);
    });
}

void FeatureInspector::requestReading(Kind kind, Reading work) {
    if (dictionary_ && dictionary_->index)
        requests_.post(kind, [dictionary = dictionary_, work = std::move(work)](const std::stop_token &token) {
            return work(token, *dictionary);
        });
}

void FeatureInspector::open(const Workspace &workspace, std::shared_ptr<const ExplainedModel> model) {
    for (const Kind kind : {Facts, Examples, Search, Stories, Copy})
        requests_.stop(kind);
    for (Pass *pass : {&index_, &effects_, &export_})
        drop(*pass);
    workspace_ = std::make_shared<const Workspace>(workspace);
    model_ = std::move(model);
    dictionary_.reset();
    readDictionary();
}

void FeatureInspector::readDictionary() {
    request(Open,
            [this, workspace = workspace_, model = model_](const std::stop_token &token, Loaded &loaded) -> Answer {
                loaded = {};
                if (!model)
                    return [this] {
                        dictionary_.reset();
                        Q_EMIT dictionaryRead(nullptr);
                    };
                loaded.dictionary = std::make_shared<const Dictionary>(openDictionary(*workspace, model, token));
                auto summary = std::make_shared<const DictionarySummary>(summarise(*loaded.dictionary));
                const FeatureLabels labels = readFeatureLabels(workspace->transcoder(model->transcoderName));
                loaded.notes = labels.notes;
                const std::vector<int64_t> steps = snapshotSteps(workspace->transcoder(model->transcoderName));
                return [this, dictionary = loaded.dictionary, summary, labels, steps] {
                    dictionary_ = dictionary;
                    Q_EMIT snapshotsRead(steps);
                    Q_EMIT notesRead(labels.notes, QString::fromStdString(labels.problem));
                    Q_EMIT dictionaryRead(summary);
                };
            });
}

void FeatureInspector::readSnapshots() {
    if (!model_)
        return;
    request(
        Snapshots,
        [this, folder = workspace_->transcoder(model_->transcoderName)](const std::stop_token &, Loaded &) -> Answer {
            const std::vector<int64_t> steps = snapshotSteps(folder);
            return [this, steps] { Q_EMIT snapshotsRead(steps); };
        });
}

/// The facts come first: reading examples takes longer and does not hold up the facts of the next feature.
void FeatureInspector::card(int layer, int feature) {
    request(Facts, [this, layer, feature](const std::stop_token &, Loaded &loaded) -> Answer {
        if (!loaded.dictionary)
            return {};
        const auto facts =
            std::make_shared<const FeatureFacts>(describeFeature(*loaded.dictionary, layer, feature, listedFeatures));
        return [this, facts] { Q_EMIT factsRead(*facts); };
    });
    requestReading(Examples,
                   [this, layer, feature](const std::stop_token &token, const Dictionary &dictionary) -> Answer {
                       const auto examples = std::make_shared<const FeatureExamples>(
                           featureExamples(dictionary, layer, feature, contextBefore, contextAfter, token));
                       return [this, examples] { Q_EMIT examplesRead(*examples); };
                   });
}

void FeatureInspector::search(const QString &query) {
    request(Search, [this, query](const std::stop_token &token, Loaded &loaded) -> Answer {
        if (!loaded.dictionary)
            return {};
        const auto matches = std::make_shared<const std::vector<SearchMatch>>(
            searchFeatures(*loaded.dictionary, loaded.notes, {.query = query.toStdString(), .count = 50}, token));
        return [this, query, matches] { Q_EMIT matchesRead(query, *matches); };
    });
}

void FeatureInspector::stories(int layer, int feature, qint64 offset) {
    requestReading(
        Stories, [this, layer, feature, offset](const std::stop_token &token, const Dictionary &dictionary) -> Answer {
            const auto stories = std::make_shared<const std::vector<TokenStretch>>(
                readStories(dictionary, layer, feature, offset, shownStories, token));
            return [this, layer, feature, stories, offset] { Q_EMIT storiesRead(layer, feature, *stories, offset); };
        });
}

void FeatureInspector::writeNote(int layer, int feature, const FeatureNote &note) {
    if (!model_)
        return;
    ++notesPending_;
    requests_.postKept(Note,
                       [this, layer, feature, note, loaded = loaded_, workspace = workspace_,
                        transcoder = model_->transcoderName](const std::stop_token &) -> Answer {
                           workspace->requireWritable();
                           const auto known = loaded->notes.find({layer, feature});
                           const FeatureNote before = known == loaded->notes.end() ? FeatureNote() : known->second;
                           FeatureNotes expected = loaded->notes;
                           expected[{layer, feature}] = note;
                           if (note.isEmpty())
                               expected.erase({layer, feature});
                           loaded->notes =
                               changeFeatureNote(workspace->transcoder(transcoder), layer, feature, before, note);
                           return [this, others = loaded->notes != expected] { noteEnded(others); };
                       });
}

/// What could not be written is not shown as if it had been, and what another program wrote is shown; when no note is
/// on its way any more.
void FeatureInspector::noteEnded(bool differs) {
    notesDiffer_ |= differs;
    if (--notesPending_ > 0 || !std::exchange(notesDiffer_, false))
        return;
    request(KeptNotes, [this](const std::stop_token &, Loaded &loaded) -> Answer {
        return [this, notes = loaded.notes] { Q_EMIT notesRead(notes, {}); };
    });
}

void FeatureInspector::copyText(int layer, int feature) {
    request(Copy, [this, layer, feature](const std::stop_token &token, Loaded &loaded) -> Answer {
        if (!loaded.dictionary)
            return {};
        const Dictionary &dictionary = *loaded.dictionary;
        const auto note = loaded.notes.find({layer, feature});
        const std::string text =
            featureText(dictionary, describeFeature(dictionary, layer, feature, listedFeatures),
                        featureExamples(dictionary, layer, feature, contextBefore, contextAfter, token),
                        note == loaded.notes.end() ? FeatureNote() : note->second);
        return [this, text] { Q_EMIT copied(QString::fromStdString(text)); };
    });
}

void FeatureInspector::copyJson(int layer, int feature) {
    request(Copy, [this, layer, feature](const std::stop_token &token, Loaded &loaded) -> Answer {
        if (!loaded.dictionary)
            return {};
        const std::string json = featureJson(*loaded.dictionary, layer, feature, token);
        return [this, json] { Q_EMIT copied(QString::fromStdString(json)); };
    });
}

void FeatureInspector::exportTo(int layer, int feature, const QString &file) {
    request(Export, [this, layer, feature, file](const std::stop_token &token, Loaded &loaded) -> Answer {
        if (!loaded.dictionary)
            return {};
        writeFileAtomically(file.toStdString(), featureJson(*loaded.dictionary, layer, feature, token));
        return [this, file] { Q_EMIT exported(1, file); };
    });
}

void FeatureInspector::start(Pass &pass, const QString &what, PassWork work, Answer done) {
    drop(pass);
    Q_EMIT(this->*pass.tells)(true, 0, what);
    pass.stop = indexer_.post([this, &pass, of = pass.of, work = std::move(work),
                               done = std::move(done)](const std::stop_token &token) {
        const auto start = std::chrono::steady_clock::now();
        const auto tell = [this, &pass, of](auto answer) {
            handOver(this, [&pass, of, answer] {
                if (of == pass.of)
                    answer();
            });
        };
        const ProgressSink progress = [&](const Progress &p) {
            const double share = p.total > 0 ? p.done / p.total : 0;
            const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            const QString text =
                share > 0.01 ? tr("%1, %2").arg(QString::fromStdString(p.what), timeLeft(spent * (1 - share) / share))
                             : QString::fromStdString(p.what);
            tell([this, &pass, share, text] { Q_EMIT(this->*pass.tells)(true, share, text); });
        };
        QString why;
        try {
            work(token, progress);
        } catch (const Error &error) {
            if (error.kind() != Error::Kind::Cancelled)
                why = QString::fromStdString(error.what());
        } catch (const std::exception &error) {
            why = tr("Something unexpected failed: %1").arg(QString::fromLocal8Bit(error.what()));
        }
        tell([this, &pass, why, done] {
            Q_EMIT(this->*pass.tells)(false, 0, QString());
            if (why.isEmpty())
                done();
            else
                Q_EMIT failed(why);
        });
    });
}

void FeatureInspector::drop(Pass &pass) {
    pass.stop.request_stop();
    ++pass.of;
    Q_EMIT(this->*pass.tells)(false, 0, QString());
}

void FeatureInspector::buildIndex() {
    if (!model_)
        return;
    start(
        index_, tr("Reading the corpus"),
        [workspace = workspace_, model = model_](const std::stop_token &token, const ProgressSink &progress) {
            workspace->requireWritable();
            const IndexedCorpus corpus = indexedCorpus(*workspace, *model, {}, token, progress);
            buildFeatureIndex(model->gpt, model->transcoder, corpus.tokens, corpus.identity, corpus.file, token,
                              progress);
        },
        [this] { readDictionary(); });
}

/// What was computed is kept beside the index; the next pass goes on from there.
void FeatureInspector::stopIndex() {
    drop(index_);
}

void FeatureInspector::measureEffects() {
    if (!model_)
        return;
    start(
        effects_, tr("Reading the index"),
        [workspace = workspace_, model = model_](const std::stop_token &token, const ProgressSink &progress) {
            workspace->requireWritable();
            const Dictionary dictionary = openDictionary(*workspace, model, token);
            const int windows = (dictionary.ceEffects.windows() / ceEffectWindows + 1) * ceEffectWindows;
            measureCeEffects(dictionary, ceEffectsFile(workspace->transcoder(model->transcoderName)), windows, token,
                             progress);
        },
        [this] { readDictionary(); });
}

void FeatureInspector::exportAll(const QString &folder, bool packed) {
    if (!model_)
        return;
    const auto files = std::make_shared<int64_t>(-1); // written by the pass, read when it is done
    start(
        export_, tr("Reading the index"),
        [workspace = workspace_, model = model_, to = std::filesystem::path(folder.toStdString()), packed,
         files](const std::stop_token &token, const ProgressSink &progress) {
            const Dictionary dictionary = openDictionary(*workspace, model, token);
            *files = (packed ? exportPackedFeatures : exportFeatures)(dictionary, to, token, progress);
        },
        [this, files, folder] {
            if (*files >= 0)
                Q_EMIT exported(*files, folder);
        });
}

/// Their ends are waited for: what was measured is shown.
void FeatureInspector::stopWork() {
    for (Pass *pass : {&effects_, &export_})
        pass->stop.request_stop();
}

} // namespace tt
