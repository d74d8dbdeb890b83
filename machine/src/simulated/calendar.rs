//! Dates as text.

/// Seconds since 1970 as ipmitool prints them in the C locale: `01/31/26` and `08:15:00`.
pub fn date_and_clock(seconds: u64) -> (String, String) {
    let ((year, month, day), (hour, minute, second)) = (date(seconds), time(seconds));
    let date = format!("{month:02}/{day:02}/{:02}", year % 100);
    (date, format!("{hour:02}:{minute:02}:{second:02}"))
}

/// Seconds since 1970 as ctime(3) writes them: `Fri Nov 27 05:44:43 2026`.
pub fn ctime(seconds: u64) -> String {
    let ((year, month, day), (hour, minute, second)) = (date(seconds), time(seconds));
    let (weekday, month) = (weekday(seconds), name_of(month));
    format!("{weekday} {month} {day:2} {hour:02}:{minute:02}:{second:02} {year}")
}

/// Seconds since 1970 as RFC 1123 has them: `Fri, 27 Nov 2026 05:45:18 GMT`.
pub fn rfc_1123(seconds: u64) -> String {
    let ((year, month, day), (hour, minute, second)) = (date(seconds), time(seconds));
    let (weekday, month) = (weekday(seconds), name_of(month));
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

fn weekday(seconds: u64) -> &'static str {
    // The first of January 1970 was a Thursday.
    let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let index = usize::try_from(seconds / 86_400 % 7).unwrap_or(0);
    names.get(index).copied().unwrap_or_default()
}

fn name_of(month: u64) -> &'static str {
    let names = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let index = usize::try_from(month.saturating_sub(1)).unwrap_or(0);
    names.get(index).copied().unwrap_or_default()
}

fn time(seconds: u64) -> (u64, u64, u64) {
    let rest = seconds % 86_400;
    (rest / 3600, rest % 3600 / 60, rest % 60)
}

/// Year, month and day, by H. Hinnant's civil-from-days.
fn date(seconds: u64) -> (u64, u64, u64) {
    let days = seconds / 86_400;
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era.saturating_add(era.saturating_mul(400)) + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_spelt_as_each_tool_does() {
        let seconds = 1_795_758_283;
        let spelt = ("11/27/26".to_owned(), "05:44:43".to_owned());
        assert_eq!(date_and_clock(seconds), spelt);
        assert_eq!(ctime(seconds), "Fri Nov 27 05:44:43 2026");
        assert_eq!(rfc_1123(seconds), "Fri, 27 Nov 2026 05:44:43 GMT");
        assert_eq!(ctime(0), "Thu Jan  1 00:00:00 1970");
    }
}
