#pragma once

#include "ui/train/train_form.h"

namespace tt {

/// How the next transcoder is trained.
class TranscoderForm : public TrainForm {
    Q_OBJECT
public:
    explicit TranscoderForm(QWidget *parent = nullptr);

    /// GPTs and corpora; what was chosen and typed stays.
    void setWorkspace(const WorkspaceSummary &workspace);
    /// The fields as a configuration; every reason why it cannot be used goes to `problems`.
    [[nodiscard]] TranscoderTrainingConfig config(std::vector<Problem> &problems) const;
    /// Fills the fields with another run's settings, under a name of its own.
    void setConfig(const QString &run, const TranscoderTrainingConfig &config);
    [[nodiscard]] QString commandLine() const;

Q_SIGNALS:
    void startRequested(const QString &name, const tt::TranscoderTrainingConfig &config);
    void estimateRequested(const tt::TranscoderTrainingConfig &config); ///< it could start as it is

protected:
    void check() override;
    void start() override;
    [[nodiscard]] QString usualText(const std::string &key) const override;

private:
    QComboBox *gpt_;
};

} // namespace tt
