//! The states of the IPMI standard with their codes, and the words that tools print for them.
//!
//! One row a state: event/reading type (6Fh is sensor-specific), sensor type (00h for all), offset, words.
//! The first word is what ipmitool 1.8.19 prints; the others are those of other versions and of FreeIPMI.

use serde::Serialize;

/// A row of the table.
pub(super) struct Row {
    pub(super) meaning: Meaning,
    pub(super) event_type: u8,
    pub(super) sensor_type: u8,
    pub(super) offset: u8,
    pub(super) words: &'static [&'static str],
}

macro_rules! meanings {
    ($($name:ident = $event:literal, $sensor:literal, $offset:literal: $word:literal $(| $other:literal)*;)*) => {
        /// A state or event of the IPMI standard (IPMI 2.0, tables 42-1 to 42-3).
        ///
        /// [`Meaning::event_type`], [`Meaning::sensor_type`] and [`Meaning::offset`] give its codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Meaning {
            $(
                #[doc = concat!(
                    "\"", $word, "\": event type ", stringify!($event), ", sensor type ",
                    stringify!($sensor), ", offset ", stringify!($offset), "."
                )]
                $name,
            )*
        }

        /// Sorted by event type, sensor type and offset.
        pub(super) static ROWS: &[Row] = &[
            $(Row {
                meaning: Meaning::$name,
                event_type: $event,
                sensor_type: $sensor,
                offset: $offset,
                words: &[$word $(, $other)*],
            },)*
        ];
    };
}

meanings! {
    LowerNonCriticalGoingLow = 0x01, 0x00, 0: "Lower Non-critical going low" | "Lower Non-critical - going low" | "At or Below (<=) Lower Non-Critical Threshold";
    LowerNonCriticalGoingHigh = 0x01, 0x00, 1: "Lower Non-critical going high";
    LowerCriticalGoingLow = 0x01, 0x00, 2: "Lower Critical going low" | "Lower Critical - going low" | "At or Below (<=) Lower Critical Threshold";
    LowerCriticalGoingHigh = 0x01, 0x00, 3: "Lower Critical going high";
    LowerNonRecoverableGoingLow = 0x01, 0x00, 4: "Lower Non-recoverable going low" | "Lower Non-recoverable - going low" | "At or Below (<=) Lower Non-Recoverable Threshold";
    LowerNonRecoverableGoingHigh = 0x01, 0x00, 5: "Lower Non-recoverable going high";
    UpperNonCriticalGoingLow = 0x01, 0x00, 6: "Upper Non-critical going low";
    UpperNonCriticalGoingHigh = 0x01, 0x00, 7: "Upper Non-critical going high" | "Upper Non-critical - going high" | "At or Above (>=) Upper Non-Critical Threshold";
    UpperCriticalGoingLow = 0x01, 0x00, 8: "Upper Critical going low";
    UpperCriticalGoingHigh = 0x01, 0x00, 9: "Upper Critical going high" | "Upper Critical - going high" | "At or Above (>=) Upper Critical Threshold";
    UpperNonRecoverableGoingLow = 0x01, 0x00, 10: "Upper Non-recoverable going low";
    UpperNonRecoverableGoingHigh = 0x01, 0x00, 11: "Upper Non-recoverable going high" | "Upper Non-recoverable - going high" | "At or Above (>=) Upper Non-Recoverable Threshold";
    TransitionToIdle = 0x02, 0x00, 0: "Transition to Idle";
    TransitionToActive = 0x02, 0x00, 1: "Transition to Active";
    TransitionToBusy = 0x02, 0x00, 2: "Transition to Busy";
    StateDeasserted = 0x03, 0x00, 0: "State Deasserted";
    StateAsserted = 0x03, 0x00, 1: "State Asserted";
    PredictiveFailureDeasserted = 0x04, 0x00, 0: "Predictive Failure Deasserted";
    PredictiveFailureAsserted = 0x04, 0x00, 1: "Predictive Failure Asserted";
    LimitNotExceeded = 0x05, 0x00, 0: "Limit Not Exceeded";
    LimitExceeded = 0x05, 0x00, 1: "Limit Exceeded";
    PerformanceMet = 0x06, 0x00, 0: "Performance Met";
    PerformanceLags = 0x06, 0x00, 1: "Performance Lags";
    TransitionToOk = 0x07, 0x00, 0: "Transition to OK";
    TransitionToNonCriticalFromOk = 0x07, 0x00, 1: "Transition to Non-critical from OK";
    TransitionToCriticalFromLessSevere = 0x07, 0x00, 2: "Transition to Critical from less severe";
    TransitionToNonRecoverableFromLessSevere = 0x07, 0x00, 3: "Transition to Non-recoverable from less severe";
    TransitionToNonCriticalFromMoreSevere = 0x07, 0x00, 4: "Transition to Non-critical from more severe";
    TransitionToCriticalFromNonRecoverable = 0x07, 0x00, 5: "Transition to Critical from Non-recoverable";
    TransitionToNonRecoverable = 0x07, 0x00, 6: "Transition to Non-recoverable";
    Monitor = 0x07, 0x00, 7: "Monitor";
    Informational = 0x07, 0x00, 8: "Informational";
    DeviceAbsent = 0x08, 0x00, 0: "Device Absent" | "Device Removed/Device Absent" | "Device Removed";
    DevicePresent = 0x08, 0x00, 1: "Device Present" | "Device Inserted/Device Present" | "Device Inserted / Device Present" | "Device Inserted";
    DeviceDisabled = 0x09, 0x00, 0: "Device Disabled";
    DeviceEnabled = 0x09, 0x00, 1: "Device Enabled";
    TransitionToRunning = 0x0a, 0x00, 0: "Transition to Running";
    TransitionToInTest = 0x0a, 0x00, 1: "Transition to In Test";
    TransitionToPowerOff = 0x0a, 0x00, 2: "Transition to Power Off";
    TransitionToOnLine = 0x0a, 0x00, 3: "Transition to On Line";
    TransitionToOffLine = 0x0a, 0x00, 4: "Transition to Off Line";
    TransitionToOffDuty = 0x0a, 0x00, 5: "Transition to Off Duty";
    TransitionToDegraded = 0x0a, 0x00, 6: "Transition to Degraded";
    TransitionToPowerSave = 0x0a, 0x00, 7: "Transition to Power Save";
    InstallError = 0x0a, 0x00, 8: "Install Error";
    FullyRedundant = 0x0b, 0x00, 0: "Fully Redundant" | "Fully Redundant (formerly \"Redundancy Regained\")" | "Redundancy Regained";
    RedundancyLost = 0x0b, 0x00, 1: "Redundancy Lost";
    RedundancyDegraded = 0x0b, 0x00, 2: "Redundancy Degraded";
    NonRedundantSufficientFromRedundant = 0x0b, 0x00, 3: "Non-Redundant: Sufficient from Redundant" | "Non-redundant:Sufficient Resources from Redundant" | "Non-redundant: Sufficient Resources from Redundant" | "Entered from Redundancy Degraded or Fully Redundant";
    NonRedundantSufficientFromInsufficient = 0x0b, 0x00, 4: "Non-Redundant: Sufficient from Insufficient" | "Non-redundant:Sufficient Resources from Insufficient Resources" | "Non-redundant: Sufficient Resources from Insufficient Resources";
    NonRedundantInsufficientResources = 0x0b, 0x00, 5: "Non-Redundant: Insufficient Resources" | "Non-redundant:Insufficient Resources";
    RedundancyDegradedFromFullyRedundant = 0x0b, 0x00, 6: "Redundancy Degraded from Fully Redundant";
    RedundancyDegradedFromNonRedundant = 0x0b, 0x00, 7: "Redundancy Degraded from Non-Redundant";
    D0PowerState = 0x0c, 0x00, 0: "D0 Power State";
    D1PowerState = 0x0c, 0x00, 1: "D1 Power State";
    D2PowerState = 0x0c, 0x00, 2: "D2 Power State";
    D3PowerState = 0x0c, 0x00, 3: "D3 Power State";
    SecurityChassisIntrusion = 0x6f, 0x05, 0: "General Chassis intrusion";
    SecurityDriveBayIntrusion = 0x6f, 0x05, 1: "Drive Bay intrusion";
    SecurityIOCardAreaIntrusion = 0x6f, 0x05, 2: "I/O Card area intrusion";
    SecurityProcessorAreaIntrusion = 0x6f, 0x05, 3: "Processor area intrusion";
    SecurityLanLeashLost = 0x6f, 0x05, 4: "System unplugged from LAN";
    SecurityUnauthorizedDock = 0x6f, 0x05, 5: "Unauthorized dock";
    SecurityFanAreaIntrusion = 0x6f, 0x05, 6: "FAN area intrusion";
    PlatformFrontPanelLockoutViolation = 0x6f, 0x06, 0: "Front Panel Lockout violation attempted";
    PlatformUserPasswordViolation = 0x6f, 0x06, 1: "Pre-boot password violation - user password";
    PlatformSetupPasswordViolation = 0x6f, 0x06, 2: "Pre-boot password violation - setup password";
    PlatformNetworkBootPasswordViolation = 0x6f, 0x06, 3: "Pre-boot password violation - network boot password";
    PlatformOtherPasswordViolation = 0x6f, 0x06, 4: "Other pre-boot password violation";
    PlatformOutOfBandPasswordViolation = 0x6f, 0x06, 5: "Out-of-band access password violation";
    ProcessorIerr = 0x6f, 0x07, 0: "IERR";
    ProcessorThermalTrip = 0x6f, 0x07, 1: "Thermal Trip";
    ProcessorFrb1BistFailure = 0x6f, 0x07, 2: "FRB1/BIST failure" | "FRB1/BIST";
    ProcessorFrb2HangInPost = 0x6f, 0x07, 3: "FRB2/Hang in POST failure" | "FRB2/Hang In POST";
    ProcessorFrb3StartupFailure = 0x6f, 0x07, 4: "FRB3/Processor startup/init failure" | "FRB3/Processor Startup/Initialization failure";
    ProcessorConfigurationError = 0x6f, 0x07, 5: "Configuration Error";
    ProcessorSmBiosUncorrectableError = 0x6f, 0x07, 6: "SM BIOS Uncorrectable CPU-complex Error" | "SMBIOS Uncorrectable CPU-complex Error";
    ProcessorPresence = 0x6f, 0x07, 7: "Presence detected" | "Processor Presence detected";
    ProcessorDisabled = 0x6f, 0x07, 8: "Disabled" | "Processor disabled";
    ProcessorTerminatorPresence = 0x6f, 0x07, 9: "Terminator presence detected";
    ProcessorThrottled = 0x6f, 0x07, 10: "Throttled" | "Processor Automatically Throttled";
    ProcessorUncorrectableMachineCheck = 0x6f, 0x07, 11: "Uncorrectable machine check exception";
    ProcessorCorrectableMachineCheck = 0x6f, 0x07, 12: "Correctable machine check error";
    PowerSupplyPresence = 0x6f, 0x08, 0: "Presence detected";
    PowerSupplyFailure = 0x6f, 0x08, 1: "Failure detected" | "Power Supply Failure detected";
    PowerSupplyPredictiveFailure = 0x6f, 0x08, 2: "Predictive failure";
    PowerSupplyInputLost = 0x6f, 0x08, 3: "Power Supply AC lost" | "Power Supply input lost (AC/DC)" | "Power Supply input lost" | "AC lost" | "Input lost";
    PowerSupplyInputLostOrOutOfRange = 0x6f, 0x08, 4: "AC lost or out-of-range" | "Power Supply input lost or out-of-range" | "Input lost or out-of-range";
    PowerSupplyInputOutOfRangeButPresent = 0x6f, 0x08, 5: "AC out-of-range, but present" | "Power Supply input out-of-range, but present" | "Power Supply input out-of-range but present" | "AC out-of-range but present" | "Input out-of-range, but present";
    PowerSupplyConfigurationError = 0x6f, 0x08, 6: "Config Error" | "Configuration error";
    PowerSupplyInactive = 0x6f, 0x08, 7: "Power Supply Inactive" | "Inactive";
    PowerUnitPowerOff = 0x6f, 0x09, 0: "Power off/down" | "Power Off/Power Down";
    PowerUnitPowerCycle = 0x6f, 0x09, 1: "Power cycle";
    PowerUnitPower240VaDown = 0x6f, 0x09, 2: "240VA power down";
    PowerUnitInterlockPowerDown = 0x6f, 0x09, 3: "Interlock power down";
    PowerUnitInputLost = 0x6f, 0x09, 4: "AC lost" | "AC lost/Power input lost";
    PowerUnitSoftPowerControlFailure = 0x6f, 0x09, 5: "Soft-power control failure" | "Soft Power Control Failure";
    PowerUnitFailure = 0x6f, 0x09, 6: "Failure detected" | "Power Unit Failure detected";
    PowerUnitPredictiveFailure = 0x6f, 0x09, 7: "Predictive failure";
    MemoryCorrectableEcc = 0x6f, 0x0c, 0: "Correctable ECC" | "Correctable memory error";
    MemoryUncorrectableEcc = 0x6f, 0x0c, 1: "Uncorrectable ECC" | "Uncorrectable memory error";
    MemoryParity = 0x6f, 0x0c, 2: "Parity";
    MemoryScrubFailed = 0x6f, 0x0c, 3: "Memory Scrub Failed" | "Memory Scrub Failed (stuck bit)";
    MemoryDeviceDisabled = 0x6f, 0x0c, 4: "Memory Device Disabled";
    MemoryCorrectableEccLimitReached = 0x6f, 0x0c, 5: "Correctable ECC logging limit reached" | "Correctable memory error logging limit reached" | "Correctable ECC/other correctable memory error logging limit reached";
    MemoryPresence = 0x6f, 0x0c, 6: "Presence Detected";
    MemoryConfigurationError = 0x6f, 0x0c, 7: "Configuration Error";
    MemorySpare = 0x6f, 0x0c, 8: "Spare";
    MemoryThrottled = 0x6f, 0x0c, 9: "Throttled" | "Memory Automatically Throttled";
    MemoryCriticalOvertemperature = 0x6f, 0x0c, 10: "Critical Overtemperature";
    DrivePresence = 0x6f, 0x0d, 0: "Drive Present" | "Drive Presence";
    DriveFault = 0x6f, 0x0d, 1: "Drive Fault";
    DrivePredictiveFailure = 0x6f, 0x0d, 2: "Predictive Failure";
    DriveHotSpare = 0x6f, 0x0d, 3: "Hot Spare";
    DriveParityCheckInProgress = 0x6f, 0x0d, 4: "Parity Check In Progress" | "Consistency Check/Parity Check In Progress" | "Consistency Check In Progress";
    DriveInCriticalArray = 0x6f, 0x0d, 5: "In Critical Array";
    DriveInFailedArray = 0x6f, 0x0d, 6: "In Failed Array";
    DriveRebuildInProgress = 0x6f, 0x0d, 7: "Rebuild In Progress" | "Rebuild/Remap In Progress";
    DriveRebuildAborted = 0x6f, 0x0d, 8: "Rebuild Aborted" | "Rebuild/Remap Aborted" | "Rebuild/Remap Aborted (was not completed normally)";
    FirmwareError = 0x6f, 0x0f, 0: "Unknown Error"
        | "No system memory installed"
        | "No usable system memory"
        | "Unrecoverable IDE device failure"
        | "Unrecoverable hard-disk failure"
        | "Unrecoverable system-board failure"
        | "Unrecoverable diskette failure"
        | "Unrecoverable hard-disk controller failure"
        | "Unrecoverable PS/2 or USB keyboard failure"
        | "Removable boot media not found"
        | "Unrecoverable video controller failure"
        | "No video device selected"
        | "BIOS corruption detected"
        | "CPU voltage mismatch"
        | "CPU speed mismatch failure";
    FirmwareHang = 0x6f, 0x0f, 1: "Unknown Hang";
    FirmwareProgress = 0x6f, 0x0f, 2: "Unknown Progress";
    LogCorrectableMemoryErrorsDisabled = 0x6f, 0x10, 0: "Correctable memory error logging disabled";
    LogEventTypeDisabled = 0x6f, 0x10, 1: "Event logging disabled" | "Event Type Logging Disabled";
    LogCleared = 0x6f, 0x10, 2: "Log area reset/cleared";
    LogAllDisabled = 0x6f, 0x10, 3: "All event logging disabled";
    LogFull = 0x6f, 0x10, 4: "Log full" | "SEL Full";
    LogAlmostFull = 0x6f, 0x10, 5: "Log almost full" | "SEL Almost Full";
    LogCorrectableMachineCheckLoggingDisabled = 0x6f, 0x10, 6: "Correctable Machine Check Error Logging Disabled";
    Watchdog1BiosReset = 0x6f, 0x11, 0: "BIOS Reset";
    Watchdog1OsReset = 0x6f, 0x11, 1: "OS Reset";
    Watchdog1OsShutDown = 0x6f, 0x11, 2: "OS Shut Down";
    Watchdog1OsPowerDown = 0x6f, 0x11, 3: "OS Power Down";
    Watchdog1OsPowerCycle = 0x6f, 0x11, 4: "OS Power Cycle";
    Watchdog1OsNmi = 0x6f, 0x11, 5: "OS NMI/Diag Interrupt";
    Watchdog1OsExpired = 0x6f, 0x11, 6: "OS Expired";
    Watchdog1OsPreTimeoutInterrupt = 0x6f, 0x11, 7: "OS pre-timeout Interrupt";
    SystemReconfigured = 0x6f, 0x12, 0: "System Reconfigured";
    SystemOemSystemBootEvent = 0x6f, 0x12, 1: "OEM System boot event";
    SystemUndeterminedSystemHardwareFailure = 0x6f, 0x12, 2: "Undetermined system hardware failure";
    SystemEntryAddedToAuxiliaryLog = 0x6f, 0x12, 3: "Entry added to auxiliary log";
    SystemPefAction = 0x6f, 0x12, 4: "PEF Action";
    SystemTimestampClockSync = 0x6f, 0x12, 5: "Timestamp Clock Sync";
    InterruptNmi = 0x6f, 0x13, 0: "NMI/Diag Interrupt" | "Front Panel NMI / Diagnostic Interrupt";
    InterruptBusTimeout = 0x6f, 0x13, 1: "Bus Timeout";
    InterruptIoChannelCheckNmi = 0x6f, 0x13, 2: "I/O Channel check NMI";
    InterruptSoftwareNmi = 0x6f, 0x13, 3: "Software NMI";
    InterruptPciPerr = 0x6f, 0x13, 4: "PCI PERR";
    InterruptPciSerr = 0x6f, 0x13, 5: "PCI SERR";
    InterruptEisaFailsafeTimeout = 0x6f, 0x13, 6: "EISA failsafe timeout";
    InterruptBusCorrectableError = 0x6f, 0x13, 7: "Bus Correctable error";
    InterruptBusUncorrectableError = 0x6f, 0x13, 8: "Bus Uncorrectable error";
    InterruptFatalNmi = 0x6f, 0x13, 9: "Fatal NMI";
    InterruptBusFatalError = 0x6f, 0x13, 10: "Bus Fatal Error";
    InterruptBusDegraded = 0x6f, 0x13, 11: "Bus Degraded";
    ButtonPowerButtonPressed = 0x6f, 0x14, 0: "Power Button pressed";
    ButtonSleepButtonPressed = 0x6f, 0x14, 1: "Sleep Button pressed";
    ButtonResetButtonPressed = 0x6f, 0x14, 2: "Reset Button pressed";
    ButtonFruLatch = 0x6f, 0x14, 3: "FRU Latch";
    ButtonFruService = 0x6f, 0x14, 4: "FRU Service";
    ChipSetSoftPowerControlFailure = 0x6f, 0x19, 0: "Soft Power Control Failure";
    ChipSetThermalTrip = 0x6f, 0x19, 1: "Thermal Trip";
    CableConnected = 0x6f, 0x1b, 0: "Connected" | "Cable/Interconnect is connected" | "Cable/Interconnect connected";
    CableConfigurationError = 0x6f, 0x1b, 1: "Config Error" | "Configuration Error - Incorrect cable connected / Incorrect interconnection";
    BootByPowerUp = 0x6f, 0x1d, 0: "Initiated by power up";
    BootByHardReset = 0x6f, 0x1d, 1: "Initiated by hard reset";
    BootByWarmReset = 0x6f, 0x1d, 2: "Initiated by warm reset";
    BootUserRequestedPxeBoot = 0x6f, 0x1d, 3: "User requested PXE boot";
    BootAutomaticBootToDiagnostic = 0x6f, 0x1d, 4: "Automatic boot to diagnostic";
    BootOsInitiatedHardReset = 0x6f, 0x1d, 5: "OS initiated hard reset";
    BootOsInitiatedWarmReset = 0x6f, 0x1d, 6: "OS initiated warm reset";
    BootSystemRestart = 0x6f, 0x1d, 7: "System Restart";
    BootErrorNoBootableMedia = 0x6f, 0x1e, 0: "No bootable media";
    BootErrorNonBootableDiskInDrive = 0x6f, 0x1e, 1: "Non-bootable disk in drive";
    BootErrorPxeServerNotFound = 0x6f, 0x1e, 2: "PXE server not found";
    BootErrorInvalidBootSector = 0x6f, 0x1e, 3: "Invalid boot sector";
    BootErrorTimeoutWaitingForSelection = 0x6f, 0x1e, 4: "Timeout waiting for selection";
    OsBootA = 0x6f, 0x1f, 0: "A: boot completed";
    OsBootC = 0x6f, 0x1f, 1: "C: boot completed";
    OsBootPxe = 0x6f, 0x1f, 2: "PXE boot completed";
    OsBootDiagnostic = 0x6f, 0x1f, 3: "Diagnostic boot completed";
    OsBootCdRom = 0x6f, 0x1f, 4: "CD-ROM boot completed";
    OsBootRom = 0x6f, 0x1f, 5: "ROM boot completed";
    OsBootUnspecified = 0x6f, 0x1f, 6: "boot completed - device not specified";
    OsBootInstallationStarted = 0x6f, 0x1f, 7: "Installation started";
    OsBootInstallationCompleted = 0x6f, 0x1f, 8: "Installation completed";
    OsBootInstallationAborted = 0x6f, 0x1f, 9: "Installation aborted";
    OsBootInstallationFailed = 0x6f, 0x1f, 10: "Installation failed";
    OsStopErrorDuringSystemStartup = 0x6f, 0x20, 0: "Error during system startup" | "Critical stop during OS load / initialization";
    OsStopRunTimeCriticalStop = 0x6f, 0x20, 1: "Run-time critical stop" | "Runtime Critical Stop" | "Run-time critical stop (a.k.a. core dump, blue screen)";
    OsStopOsGracefulStop = 0x6f, 0x20, 2: "OS graceful stop";
    OsStopOsGracefulShutdown = 0x6f, 0x20, 3: "OS graceful shutdown";
    OsStopPefInitiatedSoftShutdown = 0x6f, 0x20, 4: "PEF initiated soft shutdown";
    OsStopAgentNotResponding = 0x6f, 0x20, 5: "Agent not responding";
    SlotFaultStatus = 0x6f, 0x21, 0: "Fault Status" | "Fault Status asserted" | "Slot/Connector Fault Status asserted";
    SlotIdentifyStatus = 0x6f, 0x21, 1: "Identify Status" | "Identify Status asserted";
    SlotDeviceInstalled = 0x6f, 0x21, 2: "Device Installed" | "Slot / Connector Device installed/attached" | "Device installed/attached";
    SlotReadyForDeviceInstallation = 0x6f, 0x21, 3: "Ready for Device Installation";
    SlotReadyForDeviceRemoval = 0x6f, 0x21, 4: "Ready for Device Removal";
    SlotPowerIsOff = 0x6f, 0x21, 5: "Slot Power is Off";
    SlotDeviceRemovalRequest = 0x6f, 0x21, 6: "Device Removal Request";
    SlotInterlock = 0x6f, 0x21, 7: "Interlock";
    SlotIsDisabled = 0x6f, 0x21, 8: "Slot is Disabled";
    SlotSpareDevice = 0x6f, 0x21, 9: "Spare Device";
    AcpiS0 = 0x6f, 0x22, 0: "S0/G0: working";
    AcpiS1 = 0x6f, 0x22, 1: "S1: sleeping with system hw & processor context maintained";
    AcpiS2 = 0x6f, 0x22, 2: "S2: sleeping, processor context lost";
    AcpiS3 = 0x6f, 0x22, 3: "S3: sleeping, processor & hw context lost, memory retained";
    AcpiS4 = 0x6f, 0x22, 4: "S4: non-volatile sleep/suspend-to-disk";
    AcpiS5SoftOff = 0x6f, 0x22, 5: "S5/G2: soft-off";
    AcpiS4S5SoftOff = 0x6f, 0x22, 6: "S4/S5: soft-off";
    AcpiG3MechanicalOff = 0x6f, 0x22, 7: "G3: mechanical off";
    AcpiSleepingS1S2S3 = 0x6f, 0x22, 8: "Sleeping in S1/S2/S3 state";
    AcpiG1Sleeping = 0x6f, 0x22, 9: "G1: sleeping";
    AcpiS5ByOverride = 0x6f, 0x22, 10: "S5: entered by override";
    AcpiLegacyOn = 0x6f, 0x22, 11: "Legacy ON state";
    AcpiLegacyOff = 0x6f, 0x22, 12: "Legacy OFF state";
    AcpiUnknown = 0x6f, 0x22, 14: "Unknown";
    Watchdog2TimerExpired = 0x6f, 0x23, 0: "Timer expired" | "Timer expired, status only";
    Watchdog2HardReset = 0x6f, 0x23, 1: "Hard reset";
    Watchdog2PowerDown = 0x6f, 0x23, 2: "Power down";
    Watchdog2PowerCycle = 0x6f, 0x23, 3: "Power cycle";
    Watchdog2Reserved4 = 0x6f, 0x23, 4: "reserved";
    Watchdog2Reserved5 = 0x6f, 0x23, 5: "reserved";
    Watchdog2Reserved6 = 0x6f, 0x23, 6: "reserved";
    Watchdog2Reserved7 = 0x6f, 0x23, 7: "reserved";
    Watchdog2TimerInterrupt = 0x6f, 0x23, 8: "Timer interrupt";
    AlertPage = 0x6f, 0x24, 0: "Platform generated page";
    AlertLanAlert = 0x6f, 0x24, 1: "Platform generated LAN alert";
    AlertEventTrap = 0x6f, 0x24, 2: "Platform Event Trap generated";
    AlertSnmpTrap = 0x6f, 0x24, 3: "Platform generated SNMP trap, OEM format";
    EntityPresent = 0x6f, 0x25, 0: "Present" | "Entity Present";
    EntityAbsent = 0x6f, 0x25, 1: "Absent" | "Entity Absent";
    EntityDisabled = 0x6f, 0x25, 2: "Disabled" | "Entity Disabled";
    LanHeartbeatLost = 0x6f, 0x27, 0: "Heartbeat Lost";
    LanHeartbeat = 0x6f, 0x27, 1: "Heartbeat";
    ManagementSensorAccessDegraded = 0x6f, 0x28, 0: "Sensor access degraded or unavailable";
    ManagementControllerAccessDegraded = 0x6f, 0x28, 1: "Controller access degraded or unavailable";
    ManagementControllerOffLine = 0x6f, 0x28, 2: "Management controller off-line";
    ManagementControllerUnavailable = 0x6f, 0x28, 3: "Management controller unavailable";
    ManagementSensorFailure = 0x6f, 0x28, 4: "Sensor failure";
    ManagementFruFailure = 0x6f, 0x28, 5: "FRU failure";
    BatteryLow = 0x6f, 0x29, 0: "Low" | "battery low (predictive failure)" | "Battery low";
    BatteryFailed = 0x6f, 0x29, 1: "Failed" | "battery failed";
    BatteryPresence = 0x6f, 0x29, 2: "Presence Detected" | "battery presence detected";
    SessionActivated = 0x6f, 0x2a, 0: "Session Activated";
    SessionDeactivated = 0x6f, 0x2a, 1: "Session Deactivated";
    SessionInvalidLogin = 0x6f, 0x2a, 2: "Invalid Username or Password";
    SessionDisabled = 0x6f, 0x2a, 3: "Invalid password disable";
    VersionHardwareChangeDetected = 0x6f, 0x2b, 0: "Hardware change detected";
    VersionSoftwareChangeDetected = 0x6f, 0x2b, 1: "Firmware or software change detected";
    VersionHardwareIncompatibilityDetected = 0x6f, 0x2b, 2: "Hardware incompatibility detected";
    VersionFirmwareOrSoftwareIncompatibilityDetected = 0x6f, 0x2b, 3: "Firmware or software incompatibility detected";
    VersionInvalidOrUnsupportedHardwareVersion = 0x6f, 0x2b, 4: "Invalid or unsupported hardware version";
    VersionInvalidOrUnsupportedFirmwareOrSoftwareVersion = 0x6f, 0x2b, 5: "Invalid or unsupported firmware or software version";
    VersionHardwareChangeSuccess = 0x6f, 0x2b, 6: "Hardware change success";
    VersionSoftwareChangeSuccess = 0x6f, 0x2b, 7: "Firmware or software change success";
    FruNotInstalled = 0x6f, 0x2c, 0: "Not Installed";
    FruInactive = 0x6f, 0x2c, 1: "Inactive";
    FruActivationRequested = 0x6f, 0x2c, 2: "Activation Requested";
    FruActivationInProgress = 0x6f, 0x2c, 3: "Activation in Progress";
    FruActive = 0x6f, 0x2c, 4: "Active";
    FruDeactivationRequested = 0x6f, 0x2c, 5: "Deactivation Requested";
    FruDeactivationInProgress = 0x6f, 0x2c, 6: "Deactivation in Progress";
    FruCommunicationLost = 0x6f, 0x2c, 7: "Communication lost";
}
