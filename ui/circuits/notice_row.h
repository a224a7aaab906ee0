#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace tt {

/// One line on the warning's ground under a tool bar: sign, sentence, one button.
class NoticeRow : public QWidget {
    Q_OBJECT
public:
    NoticeRow(const QString &text, const QString &action, QWidget *parent); ///< hidden at first
    [[nodiscard]] QPushButton *action() const { return action_; }

Q_SIGNALS:
    void actionRequested();

private:
    QPushButton *action_;
};

} // namespace tt
