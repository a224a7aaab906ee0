#include "ui/train/transcoder_form.h"

#include "ui/train/form_values.h"
#include "ui/train/number_text.h"
#include "ui/train/parameter_form.h"

#include <QComboBox>

namespace tt {

namespace {

std::vector<Parameter> transcoderParameters() {
    std::vector<Parameter> all{{"corpus",
                                "Corpus",
                                "The stories whose activations it learns from.",
                                Parameter::Kind::Choice,
                                0,
                                0,
                                {},
                                false}};
    const auto &table = TranscoderTrainingConfig::parameters();
    all.insert(all.end(), table.begin(), table.end());
    return all;
}

/// A person watches what trains here: some of its past is kept for Features to go back to.
TranscoderTrainingConfig firstConfig() {
    TranscoderTrainingConfig config;
    config.snapshots = 8;
    return config;
}

} // namespace

TranscoderForm::TranscoderForm(QWidget *parent)
    : TrainForm({tr("Transcoder"), tr("Name"), tr("Start transcoder training"), tr(", transcoder")},
                transcoderParameters(), parent),
      gpt_(addChoice(tr("for"))) {
    gpt_->setToolTip(tr("for\nThe GPT whose MLPs it explains"));
    setFields(fields(), firstConfig());
    setMissing(tr("There is no corpus to learn from yet."));
    check();
    watchFocus();
}

void TranscoderForm::setWorkspace(const WorkspaceSummary &workspace) {
    fields().setChoices("corpus", corpusNames(workspace));
    const QString chosen = gpt_->currentText();
    gpt_->clear();
    for (const auto &row : workspace.gpts)
        gpt_->addItem(row.run);
    gpt_->setEnabled(gpt_->count() > 0);
    if (gpt_->findText(chosen) >= 0)
        gpt_->setCurrentText(chosen);
    if (workspace.corpora.empty())
        setMissing(tr("There is no corpus to learn from yet."));
    else
        setMissing(workspace.gpts.empty() ? tr("There is no GPT to explain yet. Train one first.") : QString(), false);
    check();
}

TranscoderTrainingConfig TranscoderForm::config(std::vector<Problem> &problems) const {
    TranscoderTrainingConfig config;
    config.corpus = fields().text("corpus").toStdString();
    config.gptRun = gpt_->currentText().toStdString();
    readFields(fields(), config, problems);
    return config;
}

void TranscoderForm::setConfig(const QString &run, const TranscoderTrainingConfig &config) {
    gpt_->setCurrentText(QString::fromStdString(config.gptRun));
    setFields(fields(), config);
    fields().setText("corpus", QString::fromStdString(config.corpus));
    proposeNameAfter(run);
    check();
}

void TranscoderForm::check() {
    std::vector<Problem> problems;
    const TranscoderTrainingConfig wanted = config(problems);
    const bool crossLayer = wanted.kind == TranscoderKind::CrossLayer;
    const bool topK = wanted.activation == Activation::TopK;
    proposeName(QStringLiteral("%1%2-k%3")
                    .arg(crossLayer ? QStringLiteral("clt") : QStringLiteral("plt"),
                         topK ? QString() : QLatin1Char('-') + QString::fromStdString(toString(wanted.activation)))
                    .arg(wanted.k));
    const double tokens = static_cast<double>(wanted.steps) * wanted.batch;
    const bool ready = showProblems(
        problems, tr("%1 features a layer learn from %2 tokens").arg(groupedText(wanted.features), amountText(tokens)));
    if (ready)
        Q_EMIT estimateRequested(wanted);
}

QString TranscoderForm::usualText(const std::string &key) const {
    return usualValue(firstConfig(), key);
}

void TranscoderForm::start() {
    std::vector<Problem> problems;
    const TranscoderTrainingConfig wanted = config(problems);
    Q_EMIT startRequested(runName(), wanted);
}

QString TranscoderForm::commandLine() const {
    QString line = QStringLiteral("tinytranscoder-cli transcoder train --name ") + runName();
    if (gpt_->count() > 0)
        line += QStringLiteral(" --run ") + gpt_->currentText();
    if (const QString corpus = fields().text("corpus"); !corpus.isEmpty())
        line += QStringLiteral(" --corpus ") + corpus;
    line += QStringLiteral(" --features %1 --k %2").arg(fields().text("features"), fields().text("k"));
    return line + changedSettings(fields(), TranscoderTrainingConfig(), {"features", "k"});
}

} // namespace tt
